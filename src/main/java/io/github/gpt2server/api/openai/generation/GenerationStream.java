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
  private int unfinished;

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
    this.unfinished = begun.length;
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
    SequenceEvent last = null;
    while (!running.ended()) {
      List<SequenceEvent> events = running.awaitSome(silence);
      if (events.isEmpty() && !running.ended()) {
        out.waiting();
      }
      for (SequenceEvent event : events) {
        if (awaitsTimings(event)) {
          last = event;
        } else {
          add(event, null);
          out.flushIfLarge();
        }
      }
      out.flush();
    }
    running.requireFinished();
    if (last != null) {
      add(last, running);
    }
    if (spec.includeUsage()) {
      Usage total = usage.build();
      Timings timings = spec.timings() ? Timings.of(running.progress(), total) : null;
      out.data(format.chunk(List.of(), total, true, timings));
    }
    Quota.current().end();
    out.done();
    out.flush();
  }

  /**
   * Returns whether the event's chunk is the stream's last one and has the timings, which are
   * complete only after the event.
   */
  private boolean awaitsTimings(SequenceEvent event) {
    if (!(event instanceof SequenceEvent.Finished)) {
      return false;
    }
    unfinished--;
    return unfinished == 0 && spec.timings() && !spec.includeUsage();
  }

  /**
   * Sends what an event adds.
   *
   * @param ended the generation, if its timings go with the event, else null
   */
  private void add(SequenceEvent event, RunningGeneration ended) {
    int index = event.sequence();
    Increment increment = progress.get(index).add(event);
    usage.addCompletion(increment.tokens().size());
    if (increment.finished() != null && index % spec.n() == 0) {
      usage.addCached(increment.finished().cachedTokens());
    }
    if (!increment.silent() || (spec.returnTokenIds() && !increment.tokens().isEmpty())) {
      send(index, increment, ended == null ? null : Timings.of(ended.progress(), usage.build()));
    }
  }

  private void send(int index, Increment increment, Timings timings) {
    boolean first = !begun[index];
    begun[index] = true;
    Usage total = spec.continuousUsage() ? usage.build() : null;
    List<C> choices = format.choices(index, increment, first);
    for (int i = 0; i < choices.size(); i++) {
      boolean last = i == choices.size() - 1;
      out.data(
          format.chunk(List.of(choices.get(i)), total, spec.includeUsage(), last ? timings : null));
    }
  }
}
