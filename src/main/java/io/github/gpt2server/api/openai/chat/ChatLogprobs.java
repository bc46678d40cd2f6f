package io.github.gpt2server.api.openai.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
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
                      + " logprob_token_ids.")
          @JsonProperty("top_logprobs")
          List<Top> topLogprobs) {}

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
  static ChatLogprobs of(List<ReportedToken> reported, Gpt2Tokenizer tokenizer, int[] tokenIds) {
    return new ChatLogprobs(
        ComputedList.of(reported.size(), index -> token(reported.get(index), tokenizer, tokenIds)),
        null);
  }

  private static Token token(ReportedToken reported, Gpt2Tokenizer tokenizer, int[] tokenIds) {
    TokenLogprobs logprobs = reported.logprobs();
    TopTokens top = logprobs.top();
    int likeliest = top == null ? 0 : top.count();
    List<Top> others =
        ComputedList.of(
            likeliest + tokenIds.length,
            index ->
                index < likeliest
                    ? top(top.tokens()[index], top.logprobs()[index], tokenizer)
                    : top(
                        tokenIds[index - likeliest],
                        logprobs.others()[index - likeliest],
                        tokenizer));
    return new Token(
        tokenizer.token(reported.token()),
        logprobs.logprob(),
        TokenBytes.unsigned(tokenizer.bytes(reported.token())),
        others);
  }

  private static Top top(int token, float logprob, Gpt2Tokenizer tokenizer) {
    return new Top(tokenizer.token(token), logprob, TokenBytes.unsigned(tokenizer.bytes(token)));
  }
}
