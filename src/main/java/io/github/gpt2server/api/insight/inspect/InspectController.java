package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionAnswer;
import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ModelOutput;
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

/** Shows what goes on inside the model. */
@Tag(name = ApiTags.INSPECTION)
@RestController
public final class InspectController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Answers with the served model, within these limits. */
  public InspectController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Attention, logit lens, residual norms, ablation and attribution of one text. */
  @Operation(
      operationId = "inspectPrompt",
      summary = "Look inside the model",
      description =
          "Attention weights, the residual stream's lengths, the next token as each layer's output"
              + " would have it (logit lens), what each component adds to a token's logit"
              + " (attribution), and what changes when heads put out zero (ablation).")
  @ApiResponse(
      responseCode = "200",
      description = "What was asked for.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = InspectResponse.class)))
  @ApiResponse(responseCode = "504", description = "Not complete in time.")
  @PostMapping(path = Paths.INSPECT, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<Object> inspect(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "The logit lens",
                            value =
                                "{\"prompt\": \"Once upon a time, there was a\", \"logit_lens\": true, \"top_k\": 3}"),
                        @ExampleObject(
                            name = "What a head looks at",
                            value =
                                "{\"prompt\": \"The king loved the queen, and the\", \"attention\": true, \"layers\": [1], \"heads\": [0]}"),
                        @ExampleObject(
                            name = "What a logit is made of, and what a head is worth",
                            value =
                                "{\"prompt\": \"When Mary and John went to the store, John gave a drink to\", \"targets\": [\" Mary\", \" John\"], \"attribution\": true, \"ablate\": [{\"layer\": 3, \"head\": 2}]}"),
                        @ExampleObject(
                            name = "What each head is worth",
                            value =
                                "{\"prompt\": \"The king loved the\", \"targets\": [\" queen\"], \"ablate\": \"each\"}")
                      }))
          @RequestBody
          InspectRequest request) {
    ServedModel model = models.get();
    ValidInspection inspection = new InspectValidator(model, limits).validate(request);
    String id = RandomId.of("inspect-");
    InspectionAnswer answer;
    try (RunningTask<InspectionAnswer> running =
        RunningTask.submit(
            model.engine()::submit, inspection.question().task(id, limits.requestTimeout()))) {
      answer = running.await();
    }
    ModelOutput.requireFinite(answer.finite(), id);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new InspectAnswers(model, inspection, answer).response());
  }
}
