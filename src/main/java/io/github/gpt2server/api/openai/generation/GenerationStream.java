package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.ratelimit.Quota;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sends texts as they are generated: one chunk for each token that adds text.
 *
 * @param <C> a choice of a chunk
 */
public final class GenerationStream<C> {
  private final Duration silence;
  private final GenerationSpec spec;
  private final AnswerFormat<?, C> format;
  private final ServerSentEvents out;
  private final UsageCount usage;
  private final boolean[] begun;
  private final List<ChoiceProgress> progress;

  /** A stream with the usual keep-alive interval. */
  public GenerationStream(GenerationSpec spec, AnswerFormat<?, C> format, ServerSentEvents out) {
    this(spec, format, out, ServerSentEvents.SILENCE);
  }

  /**
   * A stream with its own keep-alive interval.
   *
   * @param silence time without an event after which a comment is sent
   */
  public GenerationStream(
      GenerationSpec spec, AnswerFormat<?, C> format, ServerSentEvents out, Duration silence) {
    this.silence = silence;
    this.spec = spec;
    this.format = format;
    this.out = out;
    this.usage = new UsageCount(spec.promptIds());
    this.begun = new boolean[spec.generation().sequences().size()];
    this.progress =
        IntStream.range(0, spec.generation().sequences().size())
            .mapToObj(sequence -> new ChoiceProgress(spec, sequence))
            .toList();
  }

  /**
   * Sends events until the generation has ended.
   *
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException if the generation fails before the first byte is sent; a later failure
   *     becomes an event
   */
  public void run(RunningGeneration running) {
    out.run(spec.id(), () -> send(running));
  }

  private void send(RunningGeneration running) {
    while (!running.ended()) {
      List<SequenceEvent> events = running.awaitSome(silence);
      if (events.isEmpty() && !running.ended()) {
        out.waiting();
      }
      for (SequenceEvent event : events) {
        add(event);
        out.flushIfLarge();
      }
      out.flush();
    }
    running.requireFinished();
    if (spec.includeUsage()) {
      out.data(format.chunk(List.of(), usage.build(), true));
    }
    Quota.current().end();
    out.done();
    out.flush();
  }

  private void add(SequenceEvent event) {
    int index = event.sequence();
    Increment increment = progress.get(index).add(event);
    usage.addCompletion(increment.tokens().size());
    if (increment.finished() != null && index % spec.n() == 0) {
      usage.addCached(increment.finished().cachedTokens());
    }
    if (!increment.silent() || (spec.returnTokenIds() && !increment.tokens().isEmpty())) {
      send(index, increment);
    }
  }

  private void send(int index, Increment increment) {
    boolean first = !begun[index];
    begun[index] = true;
    Usage total = spec.continuousUsage() ? usage.build() : null;
    for (C choice : format.choices(index, increment, first)) {
      out.data(format.chunk(List.of(choice), total, spec.includeUsage()));
    }
  }
}
