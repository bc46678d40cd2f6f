package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.memory.MemoryUse;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Continues texts, as OpenAI's completions endpoint does. */
@Tag(name = ApiTags.COMPLETIONS)
@RestController
public final class CompletionController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final JsonMapper json;

  /** Answers with the served model, within these limits. */
  public CompletionController(ServedModels models, ApiLimits limits, JsonMapper json) {
    this.models = models;
    this.limits = limits;
    this.json = json;
  }

  /** Answers at once or, if asked, as a stream; a client that leaves cancels. */
  @Operation(
      operationId = "createCompletion",
      summary = "Continue a text",
      description =
          "Generates one or more continuations of one or more prompts. With stream: true the answer"
              + " is a stream of server-sent events, one chunk each, which ends with [DONE].")
  @ApiResponse(
      responseCode = "200",
      description =
          "The continuations. With stream: true a stream of events whose data are chunks, then"
              + " [DONE]; after event: error comes an ErrorResponse.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = CompletionResponse.class)),
        @Content(
            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
            schema = @Schema(implementation = CompletionResponse.Chunk.class))
      })
  @ApiResponse(responseCode = "504", description = "Not complete in time.")
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
                            name = "The likeliest continuation",
                            value =
                                "{\"prompt\": \"The king\", \"max_tokens\": 48, \"temperature\": 0}"),
                        @ExampleObject(
                            name = "A stream",
                            value =
                                "{\"prompt\": \"Once upon a time\", \"max_tokens\": 48, \"stream\": true, \"stream_options\": {\"include_usage\": true}}"),
                        @ExampleObject(
                            name = "Three choices up to a full stop",
                            value =
                                "{\"prompt\": \"The princess\", \"max_tokens\": 48, \"n\": 3, \"seed\": 7, \"top_p\": 0.9, \"stop\": [\".\"]}")
                      }))
          @RequestBody
          CompletionRequest request,
      HttpServletResponse response) {
    ServedModel model = models.get();
    ValidCompletion completion = new CompletionValidator(model, limits).validate(request);
    if (completion.stream()) {
      reserve(completion.generation().eventBytes(), model.engine().maxUnreadBytes());
    }
    try (RunningGeneration running =
        RunningGeneration.submit(model.engine()::submit, completion.generation())) {
      if (!completion.stream()) {
        return ResponseEntity.ok()
            .contentType(MediaType.APPLICATION_JSON)
            .body(whole(completion, running.awaitAll()));
      }
      ServerSentEvents out = new ServerSentEvents(response, json.writer());
      new CompletionStream(completion, out).run(running);
      return null;
    }
  }

  /**
   * Reserves memory for a stream that runs to its end whether or not its client reads. Larger ones
   * wait for their clients in their slots, which bounds them all together.
   */
  private static void reserve(long bytes, long maxUnreadBytes) {
    if (bytes <= maxUnreadBytes) {
      RequestMemory.current().add(MemoryUse.ANSWERS, bytes);
    }
  }

  /** The answer that is sent at once. */
  static CompletionResponse whole(ValidCompletion completion, List<SequenceEvent> events) {
    int candidates = completion.candidates();
    List<ChoiceBuilder> builders =
        IntStream.range(0, completion.generation().sequences().size())
            .mapToObj(
                sequence ->
                    new ChoiceBuilder(
                        new ChoiceProgress(completion, sequence), completion.logprobs()))
            .toList();
    events.forEach(event -> builders.get(event.sequence()).add(event));

    UsageCount usage = new UsageCount(completion.promptIds());
    List<CompletionResponse.Choice> choices = new ArrayList<>();
    for (int prompt = 0; prompt < completion.prompts().size(); prompt++) {
      List<ChoiceBuilder> own = builders.subList(prompt * candidates, (prompt + 1) * candidates);
      own.forEach(builder -> usage.addCompletion(builder.completionTokens()));
      usage.addCached(own.get(0).cachedTokens());
      List<Integer> promptIds =
          completion.returnTokenIds() ? ids(completion.prompts().get(prompt).ids()) : null;
      for (ChoiceBuilder builder : best(own, completion.n())) {
        choices.add(builder.build(choices.size(), promptIds));
      }
    }
    return new CompletionResponse(
        completion.id(),
        CompletionResponse.OBJECT,
        completion.created(),
        completion.model(),
        choices,
        usage.build());
  }

  /**
   * The {@code n} of highest log-probability per token, best first; all in their order if n are.
   */
  private static List<ChoiceBuilder> best(List<ChoiceBuilder> builders, int n) {
    return builders.size() == n
        ? builders
        : builders.stream()
            .sorted(Comparator.comparingDouble(ChoiceBuilder::meanLogprob).reversed())
            .limit(n)
            .toList();
  }

  static List<Integer> ids(int[] tokens) {
    return IntStream.of(tokens).boxed().toList();
  }
}
