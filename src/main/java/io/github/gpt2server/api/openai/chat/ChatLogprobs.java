package io.github.gpt2server.api.openai.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.api.openai.generation.ReportedToken;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * The log-probabilities of an answer's tokens, in the format of OpenAI's chats.
 *
 * @param refusal always null: OpenAI's field for refusals
 */
@Schema(name = "ChatLogprobs")
record ChatLogprobs(
    @JsonProperty("content") List<Token> content,
    @Schema(description = "Always null.", nullable = true) @JsonProperty("refusal")
        List<Token> refusal) {

  /** A token of the answer. */
  @Schema(name = "ChatTokenLogprob")
  record Token(
      @Schema(
              description = "The token's text, or bytes:\\xe2\\x80 if it is not valid UTF-8.",
              example = " king")
          @JsonProperty("token")
          String token,
      @JsonProperty("logprob") float logprob,
      @Schema(description = "The token's bytes, from 0 to 255.") @JsonProperty("bytes") int[] bytes,
      @Schema(
              description =
                  "The most likely tokens at this position, most likely first, then those of"
                      + " logprob_token_ids: an array, or with encoding_format base64 an object.",
              oneOf = {Top[].class, PackedTokens.class})
          @JsonProperty("top_logprobs")
          Object topLogprobs) {}

  /** A likely token. */
  @Schema(name = "ChatTopLogprob")
  record Top(
      @Schema(example = " queen") @JsonProperty("token") String token,
      @JsonProperty("logprob") float logprob,
      @JsonProperty("bytes") int[] bytes) {}

  /**
   * The log-probabilities of these tokens, computed while they are written.
   *
   * @param tokenIds further tokens that each position reports
   */
  static ChatLogprobs of(
      List<ReportedToken> reported,
      Gpt2Tokenizer tokenizer,
      int[] tokenIds,
      EncodingFormat encoding) {
    return new ChatLogprobs(
        ComputedList.of(
            reported.size(), index -> token(reported.get(index), tokenizer, tokenIds, encoding)),
        null);
  }

  private static Token token(
      ReportedToken reported, Gpt2Tokenizer tokenizer, int[] tokenIds, EncodingFormat encoding) {
    TokenLogprobs logprobs = reported.logprobs();
    return new Token(
        tokenizer.token(reported.token()),
        logprobs.logprob(),
        TokenBytes.unsigned(tokenizer.bytes(reported.token())),
        encoding == EncodingFormat.FLOAT
            ? others(logprobs, tokenizer, tokenIds)
            : packed(logprobs, tokenIds));
  }

  private static List<Top> others(TokenLogprobs logprobs, Gpt2Tokenizer tokenizer, int[] tokenIds) {
    TopTokens top = logprobs.top();
    int likeliest = top == null ? 0 : top.count();
    return ComputedList.of(
        likeliest + tokenIds.length,
        index ->
            index < likeliest
                ? top(top.tokens()[index], top.logprobs()[index], tokenizer)
                : top(
                    tokenIds[index - likeliest], logprobs.others()[index - likeliest], tokenizer));
  }

  private static PackedTokens packed(TokenLogprobs logprobs, int[] tokenIds) {
    TopTokens top = logprobs.top();
    int likeliest = top == null ? 0 : top.count();
    int[] ids = new int[likeliest + tokenIds.length];
    float[] values = new float[ids.length];
    if (top != null) {
      System.arraycopy(top.tokens(), 0, ids, 0, likeliest);
      System.arraycopy(top.logprobs(), 0, values, 0, likeliest);
    }
    for (int i = 0; i < tokenIds.length; i++) {
      ids[likeliest + i] = tokenIds[i];
      values[likeliest + i] = logprobs.others()[i];
    }
    return PackedTokens.of(ids, values);
  }

  private static Top top(int token, float logprob, Gpt2Tokenizer tokenizer) {
    return new Top(tokenizer.token(token), logprob, TokenBytes.unsigned(tokenizer.bytes(token)));
  }
}
