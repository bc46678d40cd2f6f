package io.github.gpt2server.api.insight.similar;

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

/** {@code POST /v1/most-similar}. */
@Tag(name = ApiTags.INSPECTION)
@RestController
public final class MostSimilarController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Serves the loaded model within these limits. */
  public MostSimilarController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Finds the tokens whose embeddings are most similar to a sum of others. */
  @Operation(
      operationId = "findSimilarTokens",
      summary = "Find tokens with similar embeddings",
      description =
          "The tokens whose embeddings (wte) have the highest cosine similarity to the sum of the"
              + " positive terms' unit vectors minus those of the negative terms. The terms"
              + " themselves are excluded.")
  @ApiResponse(responseCode = "200", description = "The most similar tokens, most similar first.")
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.MOST_SIMILAR, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<MostSimilarResponse> mostSimilar(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Neighbors of a word",
                            value = "{\"positive\": [\" king\"], \"top_k\": 5}"),
                        @ExampleObject(
                            name = "Queen is to king as what is to man?",
                            value =
                                "{\"positive\": [\" queen\", \" man\"], \"negative\": [\" king\"], \"top_k\": 5}")
                      }))
          @RequestBody
          MostSimilarRequest request) {
    ServedModel model = models.get();
    MostSimilarSpec spec = new MostSimilarValidator(model).validate(request);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new MostSimilarHandler(model, limits.requestTimeout()).find(spec));
  }
}
