package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.openai.structured.ChoiceDraw;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.ServerSentEvents;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** Runs generations on the engine and collects their choices, or streams them. */
public final class GenerationHandler {
  private final Engine engine;

  /** Runs them on this engine. */
  public GenerationHandler(Engine engine) {
    this.engine = engine;
  }

  /**
   * Answers with the whole response, or with a stream.
   *
   * @param out writes a stream to the client
   * @return null once a stream has been written
   */
  public <R> ResponseEntity<R> respond(
      GenerationSpec spec, AnswerFormat<R, ?> format, ServerSentEvents out) {
    if (spec.stream()) {
      stream(spec, format, out);
      return null;
    }
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(format.response(complete(spec)));
  }

  /** Runs a generation to its end. */
  private GenerationResult complete(GenerationSpec asked) {
    GenerationSpec spec = drawn(asked);
    try (RunningGeneration running = RunningGeneration.submit(engine::submit, spec.generation())) {
      GenerationResult result = result(spec, running.awaitAll());
      return spec.timings() ? result.with(Timings.of(running.progress(), result.usage())) : result;
    }
  }

  /** Runs a generation and sends its texts as they come. */
  private void stream(GenerationSpec asked, AnswerFormat<?, ?> format, ServerSentEvents out) {
    GenerationSpec spec = drawn(asked);
    reserve(spec.generation().eventBytes());
    try (RunningGeneration running = RunningGeneration.submit(engine::submit, spec.generation())) {
      new GenerationStream<>(spec, format, out).run(running);
    }
  }

  /** The same generation, in which each sequence has drawn its choice if there are any. */
  private GenerationSpec drawn(GenerationSpec spec) {
    return spec.structure() instanceof Structure.OneOf choices
        ? spec.with(new ChoiceDraw(engine::submit).draw(spec.generation(), choices))
        : spec;
  }

  /**
   * Reserves memory for a stream whose unread events the engine buffers up to its end. A larger
   * stream waits in its slot for its client, which bounds the memory of all such streams together.
   */
  private void reserve(long eventBytes) {
    if (eventBytes <= engine.maxUnreadBytes()) {
      RequestMemory.current().add(MemoryUse.ANSWERS, eventBytes);
    }
  }

  /** The choices of a generation that is not streamed, from all of its events. */
  public static GenerationResult result(GenerationSpec spec, List<SequenceEvent> events) {
    int candidates = spec.candidates();
    List<ChoiceBuilder> builders =
        IntStream.range(0, spec.generation().sequences().size())
            .mapToObj(
                sequence -> new ChoiceBuilder(new ChoiceProgress(spec, sequence), spec.logprobs()))
            .toList();
    events.forEach(event -> builders.get(event.sequence()).add(event));

    UsageCount usage = new UsageCount(spec.promptIds());
    List<Increment> choices = new ArrayList<>();
    for (int prompt = 0; prompt < spec.prompts().size(); prompt++) {
      List<ChoiceBuilder> own = builders.subList(prompt * candidates, (prompt + 1) * candidates);
      own.forEach(builder -> usage.addCompletion(builder.completionTokens()));
      usage.addCached(own.get(0).cachedTokens());
      best(own, spec.n()).forEach(builder -> choices.add(builder.build()));
    }
    return new GenerationResult(choices, usage.build(), null);
  }

  /**
   * The {@code n} choices of the highest mean log-probability per token, best first; all choices in
   * their own order if there are {@code n}.
   */
  private static List<ChoiceBuilder> best(List<ChoiceBuilder> builders, int n) {
    return builders.size() == n
        ? builders
        : builders.stream()
            .sorted(Comparator.comparingDouble(ChoiceBuilder::meanLogprob).reversed())
            .limit(n)
            .toList();
  }
}
