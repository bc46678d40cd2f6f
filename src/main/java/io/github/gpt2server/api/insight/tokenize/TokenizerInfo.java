package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.OptionalInt;

/** The body of a response to {@code GET /tokenizer_info}: fields of tokenizer_config.json. */
@Schema(name = "TokenizerInfo")
public record TokenizerInfo(
    @Schema(example = "GPT2Tokenizer") @JsonProperty("tokenizer_class") String tokenizerClass,
    @Schema(example = "512") @JsonProperty("model_max_length") int modelMaxLength,
    @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("bos_token") String bosToken,
    @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("eos_token") String eosToken,
    @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("unk_token") String unkToken,
    @JsonProperty("add_prefix_space") boolean addPrefixSpace) {

  static TokenizerInfo of(ServedModel model) {
    Gpt2Tokenizer tokenizer = model.tokenizer();
    return new TokenizerInfo(
        "GPT2Tokenizer",
        model.contextLength(),
        token(tokenizer, tokenizer.beginning()),
        token(tokenizer, tokenizer.endOfText()),
        token(tokenizer, tokenizer.unknown()),
        tokenizer.addsPrefixSpace());
  }

  private static String token(Gpt2Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? tokenizer.token(id.getAsInt()) : null;
  }
}
