package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.OptionalInt;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Tokenizing as vLLM does it, where evaluation harnesses look for it. */
@Tag(name = ApiTags.TOKENIZER)
@RestController
public final class VllmTokenizeController {
  private final ServedModels models;

  /** Uses the served model's tokenizer. */
  public VllmTokenizeController(ServedModels models) {
    this.models = models;
  }

  /** A text's token ids. */
  @Operation(
      operationId = "tokenizePrompt",
      summary = "Split a text into token ids, as vLLM does",
      description =
          "With the tokens that the tokenizer's files put around a text, unless"
              + " add_special_tokens is false; GPT-2's own tokenizer has none.")
  @PostMapping(path = Paths.VLLM_TOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public TokenIds tokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "A text",
                            value = "{\"prompt\": \"Once upon a time\"}")
                      }))
          @RequestBody
          PromptRequest request) {
    ServedModel model = models.get();
    ModelCheck.check(request.model(), model);
    if (request.prompt() == null) {
      throw ApiException.invalid("prompt", "prompt must be given.");
    }
    boolean addSpecialTokens = request.addSpecialTokens() == null || request.addSpecialTokens();
    int[] ids =
        new PromptReader(model).tokenize("prompt", request.prompt(), addSpecialTokens).ids();
    return new TokenIds(ids.length, model.contextLength(), ids);
  }

  /** The text of token ids. */
  @Operation(
      operationId = "detokenizePrompt",
      summary = "Join token ids to a text, as vLLM does",
      description = "Bytes that are no whole character become U+FFFD.")
  @PostMapping(path = Paths.VLLM_DETOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public Prompt detokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Some tokens",
                            value = "{\"tokens\": [258, 259, 260]}")
                      }))
          @RequestBody
          TokenizeController.DetokenizeRequest request) {
    ServedModel model = models.get();
    ModelCheck.check(request.model(), model);
    if (request.tokens() == null) {
      throw ApiException.invalid("tokens", "tokens must be given.");
    }
    int[] ids = new PromptReader(model).tokens("tokens", request.tokens());
    return new Prompt(model.tokenizer().decode(ids));
  }

  /** What {@code tokenizer_config.json} says of a GPT-2. */
  @Operation(
      operationId = "getTokenizerInfo",
      summary = "Describe the tokenizer, as vLLM does",
      description = "The fields of tokenizer_config.json.")
  @GetMapping(path = Paths.VLLM_TOKENIZER_INFO)
  public TokenizerInfo tokenizerInfo() {
    ServedModel model = models.get();
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

  /** The body of {@code POST /tokenize}, as sent. */
  @FieldSection("vllm-tokenize")
  @Schema(name = "VllmTokenizeRequest")
  public record PromptRequest(
      @Schema(description = "The served model; may be left out.", nullable = true)
          @JsonProperty("model")
          String model,
      @Schema(example = "Once upon a time", requiredMode = Schema.RequiredMode.REQUIRED)
          @JsonProperty("prompt")
          String prompt,
      @Schema(
              description = "Whether the tokens that the tokenizer puts around a text are added.",
              defaultValue = "true")
          @JsonProperty("add_special_tokens")
          Boolean addSpecialTokens)
      implements JsonRequest {}

  /** A text's token ids. */
  @Schema(name = "VllmTokens")
  public record TokenIds(
      @JsonProperty("count") int count,
      @JsonProperty("max_model_len") int maxModelLen,
      @JsonProperty("tokens") int[] tokens) {}

  /** A text. */
  @Schema(name = "VllmPrompt")
  public record Prompt(@JsonProperty("prompt") String prompt) {}

  /** The fields of {@code tokenizer_config.json}. */
  @Schema(name = "TokenizerInfo")
  public record TokenizerInfo(
      @Schema(example = "GPT2Tokenizer") @JsonProperty("tokenizer_class") String tokenizerClass,
      @Schema(example = "512") @JsonProperty("model_max_length") int modelMaxLength,
      @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("bos_token")
          String bosToken,
      @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("eos_token")
          String eosToken,
      @Schema(example = "<|endoftext|>", nullable = true) @JsonProperty("unk_token")
          String unkToken,
      @JsonProperty("add_prefix_space") boolean addPrefixSpace) {}
}
