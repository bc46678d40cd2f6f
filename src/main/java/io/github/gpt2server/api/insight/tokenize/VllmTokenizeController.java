package io.github.gpt2server.api.insight.tokenize;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** vLLM's tokenizer endpoints, which evaluation harnesses expect at these paths. */
@Tag(name = ApiTags.TOKENIZER)
@RestController
public final class VllmTokenizeController {
  private final ServedModels models;

  /** Uses the served model's tokenizer. */
  public VllmTokenizeController(ServedModels models) {
    this.models = models;
  }

  /** Splits a text into token ids. */
  @Operation(
      operationId = "tokenizePrompt",
      summary = "Split a text into token ids, as vLLM does",
      description =
          "Includes the special tokens that the tokenizer's files put around a text unless"
              + " add_special_tokens is false; GPT-2's own tokenizer adds none.")
  @PostMapping(path = Paths.VLLM_TOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public VllmTokenizeResponse tokenize(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "A text",
                            value = "{\"prompt\": \"Once upon a time\"}")
                      }))
          @RequestBody
          VllmTokenizeRequest request) {
    ServedModel model = models.get();
    TokenizeSpec spec = new TokenizeValidator(model).validate(request);
    int[] ids = new TokenizeHandler(model).tokenize(spec).ids();
    return new VllmTokenizeResponse(ids.length, model.contextLength(), ids);
  }

  /** Joins token ids into a text. */
  @Operation(
      operationId = "detokenizePrompt",
      summary = "Join token ids into a text, as vLLM does",
      description = "Bytes that are not valid UTF-8 become U+FFFD.")
  @PostMapping(path = Paths.VLLM_DETOKENIZE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public VllmDetokenizeResponse detokenize(
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
    return new VllmDetokenizeResponse(new TokenizeHandler(model).detokenize(spec));
  }

  /** Describes the tokenizer by the fields of {@code tokenizer_config.json}. */
  @Operation(
      operationId = "getTokenizerInfo",
      summary = "Describe the tokenizer, as vLLM does",
      description = "The fields of tokenizer_config.json.")
  @GetMapping(path = Paths.VLLM_TOKENIZER_INFO)
  public TokenizerInfo tokenizerInfo() {
    return TokenizerInfo.of(models.get());
  }
}
