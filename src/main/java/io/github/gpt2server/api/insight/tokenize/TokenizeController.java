package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.json.ComputedList;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Text to tokens and back. */
@Tag(name = ApiTags.TOKENIZER)
@RestController
public final class TokenizeController {
  private final ServedModels models;

  /** Uses the served model's tokenizer. */
  public TokenizeController(ServedModels models) {
    this.models = models;
  }

  /** A text's tokens, each with its bytes and where it starts. */
  @Operation(
      operationId = "tokenize",
      summary = "Split a text into tokens",
      description = "Each token with its bytes and where it starts in the text.")
  @PostMapping(path = Paths.TOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public Tokens tokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(name = "A text", value = "{\"text\": \"Once upon a time\"}")
                      }))
          @RequestBody
          TokenizeRequest request) {
    ServedModel model = models.get();
    ModelCheck.check(request.model(), model);
    if (request.text() == null) {
      throw ApiException.invalid("text", "text must be given.");
    }
    Gpt2Tokenizer tokenizer = model.tokenizer();
    boolean addSpecialTokens = request.addSpecialTokens() == null || request.addSpecialTokens();
    TokenizedText text = new PromptReader(model).tokenize("text", request.text(), addSpecialTokens);
    int[] ids = text.ids();
    int[] offsets = text.offsets();
    List<Token> tokens =
        ComputedList.of(
            ids.length,
            i ->
                new Token(
                    ids[i],
                    tokenizer.token(ids[i]),
                    TokenBytes.unsigned(tokenizer.bytes(ids[i])),
                    offsets[i]));
    return new Tokens(tokens, ids.length, model.contextLength());
  }

  /** The text that tokens stand for. */
  @Operation(
      operationId = "detokenize",
      summary = "Join tokens to a text",
      description = "Bytes that are no whole character become U+FFFD.")
  @PostMapping(path = Paths.DETOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public Text detokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Some tokens",
                            value = "{\"tokens\": [258, 259, 260]}")
                      }))
          @RequestBody
          DetokenizeRequest request) {
    ServedModel model = models.get();
    ModelCheck.check(request.model(), model);
    if (request.tokens() == null) {
      throw ApiException.invalid("tokens", "tokens must be given.");
    }
    int[] ids = new PromptReader(model).tokens("tokens", request.tokens());
    return new Text(model.tokenizer().decode(ids));
  }

  /** The body of {@code POST /v1/tokenize}, as sent. */
  @FieldSection("tokenize")
  @Schema(name = "TokenizeRequest")
  public record TokenizeRequest(
      @Schema(description = "The served model; may be left out.", nullable = true)
          @JsonProperty("model")
          String model,
      @Schema(example = "Once upon a time", requiredMode = Schema.RequiredMode.REQUIRED)
          @JsonProperty("text")
          String text,
      @Schema(
              description = "Whether the tokens that the tokenizer puts around a text are added.",
              defaultValue = "true")
          @JsonProperty("add_special_tokens")
          Boolean addSpecialTokens)
      implements JsonRequest {}

  /** The body of {@code POST /v1/detokenize}, as sent. */
  @FieldSection("detokenize")
  @Schema(name = "DetokenizeRequest")
  public record DetokenizeRequest(
      @Schema(description = "The served model; may be left out.", nullable = true)
          @JsonProperty("model")
          String model,
      @Schema(example = "[2771, 565, 258, 542]", requiredMode = Schema.RequiredMode.REQUIRED)
          @JsonProperty("tokens")
          int[] tokens)
      implements JsonRequest {}

  /** A text's tokens. */
  @Schema(name = "Tokens")
  public record Tokens(
      @JsonProperty("tokens") List<Token> tokens,
      @Schema(description = "How many there are.") @JsonProperty("count") int count,
      @Schema(description = "How many the model's context holds.") @JsonProperty("max_model_len")
          int maxModelLen) {}

  /** One token of a text. */
  @Schema(name = "Token")
  public record Token(
      @JsonProperty("id") int id,
      @Schema(description = "Its text, or bytes:\\xe2\\x80 if that is no whole character.")
          @JsonProperty("token")
          String token,
      @Schema(description = "Its bytes as numbers.") @JsonProperty("bytes") int[] bytes,
      @Schema(description = "Where it starts, in code points.") @JsonProperty("offset")
          int offset) {}

  /** A text. */
  @Schema(name = "Text")
  public record Text(@JsonProperty("text") String text) {}
}
