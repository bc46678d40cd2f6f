package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Sends a completion as it comes: one chunk for each token that adds text. */
final class CompletionStream {
  private final Duration silence;
  private final ValidCompletion completion;
  private final ServerSentEvents out;
  private final UsageCount usage;
  private final boolean[] begun;
  private final List<ChoiceProgress> progress;

  CompletionStream(ValidCompletion completion, ServerSentEvents out) {
    this(completion, out, ServerSentEvents.SILENCE);
  }

  /** Sends a comment after every {@code silence}. */
  CompletionStream(ValidCompletion completion, ServerSentEvents out, Duration silence) {
    this.silence = silence;
    this.completion = completion;
    this.out = out;
    this.usage = new UsageCount(completion.promptIds());
    this.begun = new boolean[completion.generation().sequences().size()];
    this.progress =
        IntStream.range(0, completion.generation().sequences().size())
            .mapToObj(sequence -> new ChoiceProgress(completion, sequence))
            .toList();
  }

  /**
   * Sends everything up to the end.
   *
   * @throws ClientGoneException if the client leaves
   * @throws ApiException if something goes wrong before the first byte; later it becomes an event
   */
  void run(RunningGeneration running) {
    out.run(completion.id(), () -> send(running));
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
    if (completion.includeUsage()) {
      out.data(chunk(List.of(), usage.build()));
    }
    out.done();
    out.flush();
  }

  private void add(SequenceEvent event) {
    int index = event.sequence();
    ChoiceProgress.Piece piece = progress.get(index).add(event);
    usage.addCompletion(piece.tokens().size());
    if (piece.finished() != null && index % completion.n() == 0) {
      usage.addCached(piece.finished().cachedTokens());
    }
    if (!piece.silent() || (completion.returnTokenIds() && !piece.tokens().isEmpty())) {
      send(index, piece);
    }
  }

  private void send(int index, ChoiceProgress.Piece piece) {
    boolean ids = completion.returnTokenIds();
    boolean first = !begun[index];
    begun[index] = true;
    SequenceEvent.Finished finished = piece.finished();
    CompletionResponse.Choice choice =
        new CompletionResponse.Choice(
            piece.text(),
            index,
            piece.logprobs(),
            finished == null ? null : ChoiceProgress.finishReason(finished),
            finished == null ? null : ChoiceProgress.stopReason(finished),
            ids ? piece.tokens() : null,
            ids && first ? CompletionController.ids(completion.prompt(index).ids()) : null);
    out.data(chunk(List.of(choice), completion.continuousUsage() ? usage.build() : null));
  }

  private Object chunk(List<CompletionResponse.Choice> choices, CompletionResponse.Usage total) {
    return completion.includeUsage()
        ? new CompletionResponse.UsageChunk(
            completion.id(),
            CompletionResponse.OBJECT,
            completion.created(),
            completion.model(),
            choices,
            total)
        : new CompletionResponse.Chunk(
            completion.id(),
            CompletionResponse.OBJECT,
            completion.created(),
            completion.model(),
            choices,
            null);
  }
}
