package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openai.generation.GenerationHandler;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
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

/** {@code POST /v1/completions}, compatible with OpenAI's. */
@Tag(name = ApiTags.COMPLETIONS)
@RestController
public final class CompletionController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final ModelConstraints constraints;
  private final JsonMapper json;

  /** Serves the loaded model within these limits. */
  public CompletionController(
      ServedModels models, ApiLimits limits, ModelConstraints constraints, JsonMapper json) {
    this.models = models;
    this.limits = limits;
    this.constraints = constraints;
    this.json = json;
  }

  /** Completes prompts, in one response or as a stream; a disconnecting client cancels. */
  @Operation(
      operationId = "createCompletion",
      summary = "Continue a text",
      description =
          "Generates one or more continuations of one or more prompts. With stream: true, the"
              + " response is a stream of server-sent events with one chunk each, ended by [DONE].")
  @ApiResponse(
      responseCode = "200",
      description =
          "The continuations. With stream: true, a stream of events whose data are chunks, ended by"
              + " [DONE]; the data of an event named error are an ErrorResponse.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = CompletionResponse.class)),
        @Content(
            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
            schema = @Schema(implementation = CompletionResponse.Chunk.class))
      })
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.COMPLETIONS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<CompletionResponse> complete(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "A continuation",
                            value =
                                "{\"prompt\": \"Once upon a time\", \"max_tokens\": 48, \"temperature\": 0.8}"),
                        @ExampleObject(
                            name = "The most likely continuation",
                            value =
                                "{\"prompt\": \"The king\", \"max_tokens\": 48, \"temperature\": 0}"),
                        @ExampleObject(
                            name = "A stream",
                            value =
                                "{\"prompt\": \"Once upon a time\", \"max_tokens\": 48, \"stream\": true, \"stream_options\": {\"include_usage\": true}}"),
                        @ExampleObject(
                            name = "Three choices, each up to a full stop",
                            value =
                                "{\"prompt\": \"The princess\", \"max_tokens\": 48, \"n\": 3, \"seed\": 7, \"top_p\": 0.9, \"stop\": [\".\"]}"),
                        @ExampleObject(
                            name = "One of several choices",
                            value =
                                "{\"prompt\": \"The king was very\", \"structured_outputs\": {\"choice\": [\" angry\", \" happy and glad\"]}}"),
                        @ExampleObject(
                            name = "JSON",
                            value =
                                "{\"prompt\": \"A person: \", \"max_tokens\": 60, \"structured_outputs\": {\"json\": {\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"maxLength\": 20}, \"age\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 120}}, \"required\": [\"name\", \"age\"]}}}")
                      }))
          @RequestBody
          CompletionRequest request,
      HttpServletResponse response) {
    ServedModel model = models.get();
    GenerationSpec spec = new CompletionValidator(model, limits, constraints).validate(request);
    return new GenerationHandler(model.engine())
        .respond(spec, new CompletionFormat(spec), new ServerSentEvents(response, json.writer()));
  }
}
