package io.github.gpt2server.api.insight.similar;

import io.github.gpt2server.api.execution.RunningTask;
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
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Tells which tokens the model's embedding puts near others. */
@Tag(name = ApiTags.INSPECTION)
@RestController
public final class MostSimilarController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Answers with the served model, within these limits. */
  public MostSimilarController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** The tokens whose embeddings are nearest to a sum of others. */
  @Operation(
      operationId = "findSimilarTokens",
      summary = "Find tokens with similar embeddings",
      description =
          "The tokens whose embeddings (wte) are nearest by cosine to the sum of the positive terms'"
              + " unit vectors less the negative ones'; the terms themselves are left out.")
  @ApiResponse(responseCode = "200", description = "The nearest tokens, nearest first.")
  @ApiResponse(responseCode = "504", description = "Not complete in time.")
  @PostMapping(path = Paths.MOST_SIMILAR, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<MostSimilarResponse> mostSimilar(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Neighbours of a word",
                            value = "{\"positive\": [\" king\"], \"top_k\": 5}"),
                        @ExampleObject(
                            name = "A queen is to a king as what to a man?",
                            value =
                                "{\"positive\": [\" queen\", \" man\"], \"negative\": [\" king\"], \"top_k\": 5}")
                      }))
          @RequestBody
          MostSimilarRequest request) {
    ServedModel model = models.get();
    MostSimilarQuestion question = MostSimilarQuestion.of(request, model, limits);
    try (RunningTask<Map<Integer, Float>> running =
        RunningTask.submit(model.engine()::submit, question.task())) {
      return ResponseEntity.ok()
          .contentType(MediaType.APPLICATION_JSON)
          .body(question.response(running.await()));
    }
  }
}
