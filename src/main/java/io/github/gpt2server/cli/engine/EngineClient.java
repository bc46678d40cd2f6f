package io.github.gpt2server.cli.engine;

import io.github.gpt2server.analysis.ScoringPass;
import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Submits requests to the engine and waits for the results without a time limit. */
public final class EngineClient {
  /**
   * The number of passes in flight: enough to fill a step with short texts; each unread answer
   * holds a row of logits.
   */
  private static final int IN_FLIGHT = 64;

  private static final Duration FOREVER = Duration.ofDays(10_000);

  private final Engine engine;
  private long asked;

  public EngineClient(Engine engine) {
    this.engine = engine;
  }

  private record Asked(ScoringPass pass, GenerationHandle handle) {}

  /**
   * Scores passes, several at once so that steps are full.
   *
   * @param onScores receives each pass with its scores, in the order of the passes
   * @throws EngineStoppedException if the process is stopped meanwhile
   * @throws CommandException if a pass fails
   */
  public void score(
      Iterator<ScoringPass> passes, BiConsumer<ScoringPass, ScoringPass.Scores> onScores)
      throws InterruptedException {
    ArrayDeque<Asked> running = new ArrayDeque<>();
    while (passes.hasNext()) {
      if (running.size() == IN_FLIGHT) {
        take(running.remove(), onScores);
      }
      ScoringPass pass = passes.next();
      while (!offer(pass, running)) {
        take(running.remove(), onScores);
      }
    }
    while (!running.isEmpty()) {
      take(running.remove(), onScores);
    }
  }

  /** Submits a pass; false if the queue (gpt2.max-queue) is full of earlier ones. */
  private boolean offer(ScoringPass pass, ArrayDeque<Asked> running) {
    try {
      running.add(new Asked(pass, engine.submit(generation(pass.request()))));
      return true;
    } catch (QueueFullException e) {
      return false;
    }
  }

  private static void take(Asked asked, BiConsumer<ScoringPass, ScoringPass.Scores> onScores)
      throws InterruptedException {
    onScores.accept(asked.pass(), asked.pass().scores(promptRead(events(asked.handle()))));
  }

  /** Scores one pass, with the same exceptions. */
  public ScoringPass.Scores score(ScoringPass pass) throws InterruptedException {
    return pass.scores(promptRead(ask(pass.request())));
  }

  /** Computes all logits after a prompt, {@code [vocab]}, with the same exceptions. */
  public float[] nextTokenLogits(int[] prompt) throws InterruptedException {
    return promptRead(ask(SequenceRequest.reading(prompt, PromptProbabilities.NEXT_TOKEN)))
        .nextTokenLogits();
  }

  /**
   * Runs one sequence and returns all its events.
   *
   * @throws EngineStoppedException if the process is stopped meanwhile
   * @throws CommandException if the sequence fails
   */
  public List<SequenceEvent> ask(SequenceRequest request) throws InterruptedException {
    return events(engine.submit(generation(request)));
  }

  /** Returns the one event of a sequence that reports on its prompt. */
  private static SequenceEvent.PromptRead promptRead(List<SequenceEvent> events) {
    return events.stream()
        .filter(SequenceEvent.PromptRead.class::isInstance)
        .map(SequenceEvent.PromptRead.class::cast)
        .findFirst()
        .orElseThrow();
  }

  private Generation generation(SequenceRequest request) {
    asked++;
    return new Generation("command-" + asked, List.of(request), FOREVER, false);
  }

  private static List<SequenceEvent> events(GenerationHandle handle) throws InterruptedException {
    handle.awaitEnd(FOREVER);
    if (handle.outcome() != Outcome.FINISHED) {
      Throwable failure = handle.failure();
      if (failure instanceof EngineStoppedException stopped) {
        throw stopped;
      }
      throw new CommandException(
          "The model could not compute this (%s).".formatted(failure.getMessage()), failure);
    }
    List<SequenceEvent> events = new ArrayList<>();
    for (Optional<SequenceEvent> event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      events.add(event.get());
    }
    return events;
  }
}
