package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /v1/next-token}. */
@Tag(name = ApiTags.PROBABILITIES)
@RestController
public final class NextTokenController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Serves the loaded model within these limits. */
  public NextTokenController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Computes the next token's distribution after a prompt, or after each of several. */
  @Operation(
      operationId = "predictNextToken",
      summary = "Predict the next token",
      description =
          "The most likely next tokens with their probabilities, the entropy of the whole"
              + " distribution, and the probabilities of given candidates.")
  @ApiResponse(
      responseCode = "200",
      description = "The distribution; for an array of prompts, results in the same order.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = NextTokenResponse.class)))
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.NEXT_TOKEN, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<NextTokenResponse> nextToken(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "The most likely tokens",
                            value =
                                "{\"prompt\": \"Once upon a time, there was a\", \"top_k\": 5}"),
                        @ExampleObject(
                            name = "Candidates",
                            value =
                                "{\"prompt\": \"Once upon a time, there was a\", \"candidates\": [\" king\", \" poor widow\"]}"),
                        @ExampleObject(
                            name = "What would be drawn",
                            value =
                                "{\"prompt\": \"Once upon a time, there was a\", \"sampling\": {\"temperature\": 0.8, \"top_p\": 0.9}}"),
                        @ExampleObject(
                            name = "Several prompts",
                            value = "{\"prompt\": [\"The king\", \"The queen\"], \"top_k\": 3}")
                      }))
          @RequestBody
          NextTokenRequest request) {
    ServedModel model = models.get();
    NextTokenSpec spec = new NextTokenValidator(model, limits).validate(request);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new NextTokenHandler(model).predict(spec));
  }
}
