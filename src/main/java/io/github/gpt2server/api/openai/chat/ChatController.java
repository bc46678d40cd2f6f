package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openai.generation.GenerationHandler;
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

/** {@code POST /v1/chat/completions}, compatible with OpenAI's. */
@Tag(name = ApiTags.CHAT)
@RestController
public final class ChatController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final ModelConstraints constraints;
  private final JsonMapper json;

  /** Serves the loaded model within these limits. */
  public ChatController(
      ServedModels models, ApiLimits limits, ModelConstraints constraints, JsonMapper json) {
    this.models = models;
    this.limits = limits;
    this.constraints = constraints;
    this.json = json;
  }

  /** Answers a conversation, in one response or as a stream; a disconnecting client cancels. */
  @Operation(
      operationId = "createChatCompletion",
      summary = "Answer in a conversation",
      description =
          "Renders the messages with the model's chat template, or that of gpt2.chat-template, and"
              + " generates one or more answers. Without a template, a 400. With stream: true, the"
              + " response is a stream of server-sent events with one chunk each, ended by [DONE].")
  @ApiResponse(
      responseCode = "200",
      description =
          "The answers. With stream: true, a stream of events whose data are chunks, ended by"
              + " [DONE]; the data of an event named error are an ErrorResponse.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = ChatResponse.class)),
        @Content(
            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
            schema = @Schema(implementation = ChatResponse.Chunk.class))
      })
  @ApiResponse(responseCode = "504", description = "Not completed within the time limit.")
  @PostMapping(path = Paths.CHAT_COMPLETIONS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<ChatResponse> complete(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "An answer",
                            value =
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"Tell me about the king.\"}], \"max_tokens\": 48}"),
                        @ExampleObject(
                            name = "A stream",
                            value =
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"Tell me about the king.\"}], \"max_tokens\": 48, \"stream\": true, \"stream_options\": {\"include_usage\": true}}"),
                        @ExampleObject(
                            name = "An answer whose beginning is given",
                            value =
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"Who lives in the forest?\"}, {\"role\": \"assistant\", \"content\": \"An old\"}], \"continue_final_message\": true, \"max_tokens\": 24}")
                      }))
          @RequestBody
          ChatRequest request,
      HttpServletResponse response) {
    ServedModel model = models.get();
    ChatSpec spec = new ChatValidator(model, limits, constraints).validate(request);
    return new GenerationHandler(model.engine())
        .respond(
            spec.generation(), new ChatFormat(spec), new ServerSentEvents(response, json.writer()));
  }
}
