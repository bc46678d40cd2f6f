package io.github.gpt2server.api.insight.inspect;

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

/** {@code POST /v1/inspect}. */
@Tag(name = ApiTags.INSPECTION)
@RestController
public final class InspectController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Serves the loaded model within these limits. */
  public InspectController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Reports attention, logit lens, residual norms, attribution and ablation for one text. */
  @Operation(
      operationId = "inspectPrompt",
      summary = "Inspect the model's internals",
      description =
          "Attention weights, norms of the residual stream, next-token predictions from each layer's"
              + " output (logit lens), the contribution of each component to a token's logit"
              + " (attribution), and the effect of setting heads' outputs to zero (ablation).")
  @ApiResponse(
      responseCode = "200",
      description = "The requested internals.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = InspectResponse.class)))
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.INSPECT, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<InspectResponse> inspect(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "The logit lens",
                            value =
                                "{\"prompt\": \"Once upon a time, there was a\", \"logit_lens\": true, \"top_k\": 3}"),
                        @ExampleObject(
                            name = "The attention of one head",
                            value =
                                "{\"prompt\": \"The king loved the queen, and the\", \"attention\": true, \"layers\": [1], \"heads\": [0]}"),
                        @ExampleObject(
                            name = "Attribution of a logit, and ablation of one head",
                            value =
                                "{\"prompt\": \"When Mary and John went to the store, John gave a drink to\", \"targets\": [\" Mary\", \" John\"], \"attribution\": true, \"ablate\": [{\"layer\": 3, \"head\": 2}]}"),
                        @ExampleObject(
                            name = "Ablation of each head",
                            value =
                                "{\"prompt\": \"The king loved the\", \"targets\": [\" queen\"], \"ablate\": \"each\"}")
                      }))
          @RequestBody
          InspectRequest request) {
    ServedModel model = models.get();
    InspectSpec spec = new InspectValidator(model, limits).validate(request);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new InspectHandler(model, limits.requestTimeout()).inspect(spec));
  }
}
