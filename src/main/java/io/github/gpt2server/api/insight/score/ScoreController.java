package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.LogprobsCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.json.JsonKind;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Says how likely texts are, and which of several continuations is likeliest. */
@Tag(name = ApiTags.PROBABILITIES)
@RestController
public final class ScoreController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final JsonMapper json;

  /** Answers with the served model, within these limits. */
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
          "Each token's log-probability, surprisal, entropy and rank, and what they come to per"
              + " token, byte, character and word. A text longer than the context is scored with a"
              + " sliding window. With continuations, these are ranked by their likelihood.")
  @ApiResponse(
      responseCode = "200",
      description =
          "The scores. With stream: true a stream of events whose data are progress (event: progress)"
              + " and at last the scores, then [DONE]; after event: error comes an ErrorResponse.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = ScoreResponse.class)),
        @Content(
            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
            schema = @Schema(oneOf = {ScoreResponse.Progress.class, ScoreResponse.class}))
      })
  @ApiResponse(responseCode = "504", description = "Not complete in time.")
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
    ModelCheck.check(request.model(), model);
    if (request.continuations() != null) {
      return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(rank(request, model));
    }
    List<TextScoring> texts = texts(request, model);
    boolean several = request.text().isArray();
    long deadline = System.nanoTime() + limits.requestTimeout().toNanos();
    if (request.stream() == null || !request.stream()) {
      boolean first = true;
      for (TextScoring text : texts) {
        for (int window = 0; window < text.windows(); window++) {
          text.run(window, deadline, first, () -> {});
          first = false;
        }
      }
      return ResponseEntity.ok()
          .contentType(MediaType.APPLICATION_JSON)
          .body(answer(model, texts, several));
    }
    ServerSentEvents out = new ServerSentEvents(response, json.writer());
    out.run(
        response.getHeader(RequestIdFilter.HEADER),
        () -> stream(model, texts, several, deadline, out));
    return null;
  }

  private ScoreResponse rank(ScoreRequest request, ServedModel model) {
    if (request.text() != null) {
      throw ApiException.invalid("text", "Give text, or a prompt with continuations, not both.");
    }
    if (request.stream() != null && request.stream()) {
      throw ApiException.invalid("stream", "Continuations are not streamed; leave stream out.");
    }
    refuseWithContinuations("stride", request.stride() != null);
    refuseWithContinuations(
        "top_logprobs", request.topLogprobs() != null && request.topLogprobs() != 0);
    refuseWithContinuations("add_bos", request.addBos() != null && request.addBos());
    ContinuationRanking ranking = new ContinuationRanking(request, model, limits);
    try (RunningGeneration running =
        RunningGeneration.submit(model.engine()::submit, ranking.generation())) {
      return ranking.result(running.awaitAll());
    }
  }

  private static void refuseWithContinuations(String field, boolean given) {
    if (given) {
      throw ApiException.invalid(
          field, field + " is for text and has no meaning for continuations; leave it out.");
    }
  }

  private List<TextScoring> texts(ScoreRequest request, ServedModel model) {
    JsonNode text = request.text();
    if (text == null) {
      throw ApiException.invalid("text", "text, or a prompt with continuations, must be given.");
    }
    if (request.prompt() != null) {
      throw ApiException.invalid(
          "prompt",
          "prompt has no meaning for text; to score a text after a prompt, send it as the only one"
              + " of continuations.");
    }
    int context = model.contextLength();
    int stride = Bounds.integer("stride", request.stride(), context / 2, 1, context - 1);
    int max = limits.maxLogprobs(model.vocabSize());
    int top = Bounds.integer("top_logprobs", request.topLogprobs(), 0, 0, max);
    boolean addBos = request.addBos() != null && request.addBos();
    PromptReader reader = new PromptReader(model);
    List<JsonNode> nodes = text.isArray() ? List.copyOf(text.values()) : List.of(text);
    if (nodes.isEmpty()) {
      throw ApiException.invalid("text", "text must hold at least one text, but is empty.");
    }
    List<TextScoring> texts = new ArrayList<>();
    long total = 0;
    for (int i = 0; i < nodes.size(); i++) {
      String field = text.isArray() ? "text[" + i + "]" : "text";
      if (!nodes.get(i).isString()) {
        throw ApiException.invalid(
            "text",
            (text.isArray()
                    ? "%s must be a string, but is %s."
                    : "%s must be a string or an array of strings, but is %s.")
                .formatted(field, JsonKind.of(nodes.get(i))));
      }
      String value = nodes.get(i).stringValue();
      TokenizedText tokens = reader.tokenize(field, value, false);
      int[] beginning = addBos ? new int[] {reader.beginning("add_bos")} : new int[0];
      total += tokens.ids().length;
      LogprobsCheck.check("top_logprobs", top, model.vocabSize(), total, "send less text at once");
      texts.add(
          new TextScoring(
              model, limits, value, tokens, beginning, stride, top, request.cacheSalt()));
    }
    return texts;
  }

  private static ScoreResponse answer(ServedModel model, List<TextScoring> texts, boolean several) {
    List<ScoreResponse.Result> results = texts.stream().map(TextScoring::result).toList();
    return several
        ? ScoreResponse.several(model.id(), results)
        : ScoreResponse.single(model.id(), results.get(0));
  }

  private static void waiting(ServerSentEvents out) {
    out.waiting();
    out.flush();
  }

  /** Progress after every window, then the result. */
  private static void stream(
      ServedModel model,
      List<TextScoring> texts,
      boolean several,
      long deadline,
      ServerSentEvents out) {
    int total = texts.stream().mapToInt(TextScoring::scoredTokens).sum();
    int scored = 0;
    for (TextScoring text : texts) {
      for (int window = 0; window < text.windows(); window++) {
        text.run(window, deadline, scored == 0, () -> waiting(out));
        scored += text.scoredTokens(window);
        out.event("progress", new ScoreResponse.Progress(scored, total));
        out.flush();
      }
    }
    out.data(answer(model, texts, several));
    out.done();
    out.flush();
  }
}
