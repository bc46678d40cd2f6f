package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /v1/embeddings}, compatible with OpenAI's. */
@Tag(name = ApiTags.EMBEDDINGS)
@RestController
public final class EmbeddingController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Serves the loaded model within these limits. */
  public EmbeddingController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Computes one vector for each text or each token; a disconnecting client cancels. */
  @Operation(
      operationId = "createEmbedding",
      summary = "Compute embeddings of texts",
      description =
          "Hidden states of the model. By default, a text's embedding is the mean over its tokens of"
              + " the final hidden state, scaled to length 1; other layers can be chosen. GPT-2 was"
              + " not trained to place similar texts close to each other.")
  @ApiResponse(responseCode = "200", description = "One embedding for each input, in order.")
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.EMBEDDINGS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<EmbeddingResponse> embed(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Two texts",
                            value =
                                "{\"input\": [\"The king was very angry.\", \"The queen wept.\"]}"),
                        @ExampleObject(
                            name = "In base64",
                            value =
                                "{\"input\": \"The king was very angry.\", \"encoding_format\": \"base64\"}"),
                        @ExampleObject(
                            name = "Every token after the second block, not normalized",
                            value =
                                "{\"input\": \"The king\", \"layer\": 2, \"pooling\": \"none\", \"normalize\": false}")
                      }))
          @RequestBody
          EmbeddingRequest request) {
    ServedModel model = models.get();
    EmbeddingSpec spec = new EmbeddingValidator(model).validate(request);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new EmbeddingHandler(model, limits.requestTimeout()).embed(spec));
  }
}
