package io.github.gpt2server.api.insight.tokenize;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.json.ComputedList;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /v1/tokenize} and {@code POST /v1/detokenize}. */
@Tag(name = ApiTags.TOKENIZER)
@RestController
public final class TokenizeController {
  private final ServedModels models;

  /** Uses the served model's tokenizer. */
  public TokenizeController(ServedModels models) {
    this.models = models;
  }

  /** Splits a text into tokens, each with its bytes and its start. */
  @Operation(
      operationId = "tokenize",
      summary = "Split a text into tokens",
      description = "Each token with its bytes and its start in the text.")
  @PostMapping(path = Paths.TOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public TokenizeResponse tokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(name = "A text", value = "{\"text\": \"Once upon a time\"}")
                      }))
          @RequestBody
          TokenizeRequest request) {
    ServedModel model = models.get();
    TokenizeSpec spec = new TokenizeValidator(model).validate(request);
    TokenizedText text = new TokenizeHandler(model).tokenize(spec);
    Gpt2Tokenizer tokenizer = model.tokenizer();
    int[] ids = text.ids();
    int[] offsets = text.offsets();
    return new TokenizeResponse(
        ComputedList.of(
            ids.length,
            i ->
                new TokenizeResponse.Token(
                    ids[i],
                    tokenizer.token(ids[i]),
                    TokenBytes.unsigned(tokenizer.bytes(ids[i])),
                    offsets[i])),
        ids.length,
        model.contextLength());
  }

  /** Joins tokens into a text. */
  @Operation(
      operationId = "detokenize",
      summary = "Join tokens into a text",
      description = "Bytes that are not valid UTF-8 become U+FFFD.")
  @PostMapping(path = Paths.DETOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public DetokenizeResponse detokenize(
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
    DetokenizeSpec spec = new TokenizeValidator(model).validate(request);
    return new DetokenizeResponse(new TokenizeHandler(model).detokenize(spec));
  }
}
