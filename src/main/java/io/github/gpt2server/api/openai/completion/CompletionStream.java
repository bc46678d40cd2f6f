package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Sends a completion as it is generated: one chunk for each token that adds text. */
final class CompletionStream {
  private final Duration silence;
  private final CompletionSpec spec;
  private final ServerSentEvents out;
  private final UsageCount usage;
  private final boolean[] begun;
  private final List<ChoiceProgress> progress;

  CompletionStream(CompletionSpec spec, ServerSentEvents out) {
    this(spec, out, ServerSentEvents.SILENCE);
  }

  /**
   * A stream with its own keep-alive interval.
   *
   * @param silence time without an event after which a comment is sent
   */
  CompletionStream(CompletionSpec spec, ServerSentEvents out, Duration silence) {
    this.silence = silence;
    this.spec = spec;
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
  void run(RunningGeneration running) {
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
      out.data(chunk(List.of(), usage.build()));
    }
    out.done();
    out.flush();
  }

  private void add(SequenceEvent event) {
    int index = event.sequence();
    ChoiceProgress.Increment increment = progress.get(index).add(event);
    usage.addCompletion(increment.tokens().size());
    if (increment.finished() != null && index % spec.n() == 0) {
      usage.addCached(increment.finished().cachedTokens());
    }
    if (!increment.silent() || (spec.returnTokenIds() && !increment.tokens().isEmpty())) {
      send(index, increment);
    }
  }

  private void send(int index, ChoiceProgress.Increment increment) {
    boolean ids = spec.returnTokenIds();
    boolean first = !begun[index];
    begun[index] = true;
    SequenceEvent.Finished finished = increment.finished();
    CompletionResponse.Choice choice =
        new CompletionResponse.Choice(
            increment.text(),
            index,
            increment.logprobs(),
            finished == null ? null : ChoiceProgress.finishReason(finished),
            finished == null ? null : ChoiceProgress.stopReason(finished),
            ids ? increment.tokens() : null,
            ids && first ? CompletionResponse.tokenIds(spec.prompt(index).ids()) : null);
    out.data(chunk(List.of(choice), spec.continuousUsage() ? usage.build() : null));
  }

  private Object chunk(List<CompletionResponse.Choice> choices, CompletionResponse.Usage total) {
    return spec.includeUsage()
        ? new CompletionResponse.UsageChunk(
            spec.id(), CompletionResponse.OBJECT, spec.created(), spec.model(), choices, total)
        : new CompletionResponse.Chunk(
            spec.id(), CompletionResponse.OBJECT, spec.created(), spec.model(), choices, null);
  }
}
