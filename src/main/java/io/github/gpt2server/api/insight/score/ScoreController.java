package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** {@code POST /v1/score}. */
@Tag(name = ApiTags.PROBABILITIES)
@RestController
public final class ScoreController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final JsonMapper json;

  /** Serves the loaded model within these limits. */
  public ScoreController(ServedModels models, ApiLimits limits, JsonMapper json) {
    this.models = models;
    this.limits = limits;
    this.json = json;
  }

  /** Scores texts token by token, or ranks continuations. */
  @Operation(
      operationId = "scoreText",
      summary = "Score a text, or rank continuations",
      description =
          "Each token's log-probability, surprisal, entropy and rank, with totals per token, byte,"
              + " character and word. A text longer than the context is scored with a sliding"
              + " window. Continuations of a prompt are ranked by their likelihood.")
  @ApiResponse(
      responseCode = "200",
      description =
          "The scores. With stream: true, a stream of events: several named progress, then one with"
              + " the scores, then [DONE]; the data of an event named error are an ErrorResponse.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = ScoreResponse.class)),
        @Content(
            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
            schema = @Schema(oneOf = {ScoreResponse.Progress.class, ScoreResponse.class}))
      })
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.SCORE, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<ScoreResponse> score(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "A text",
                            value = "{\"text\": \"Once upon a time, there was a king.\"}"),
                        @ExampleObject(
                            name = "Continuations",
                            value =
                                "{\"prompt\": \"The king was very\", \"continuations\": [\" angry\", \" happy\"]}")
                      }))
          @RequestBody
          ScoreRequest request,
      HttpServletResponse response) {
    ServedModel model = models.get();
    ScoreSpec spec = new ScoreValidator(model, limits).validate(request);
    ScoreHandler handler = new ScoreHandler(model, limits.requestTimeout());
    if (spec instanceof ScoreSpec.Texts texts && texts.stream()) {
      ServerSentEvents out = new ServerSentEvents(response, json.writer());
      out.run(response.getHeader(RequestIdFilter.HEADER), () -> handler.stream(texts, out));
      return null;
    }
    return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(handler.score(spec));
  }
}
