package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Progress of a submitted request with the time of each stage: submitted, started, prompt read,
 * first token, ended. Of several sequences, the first to reach a stage counts. Written by the
 * engine thread; any thread may read at any time.
 */
public final class RequestProgress {
  private static final long NOT_YET = -1;

  private final String id;
  private final List<int[]> prompts;
  private final int maxTokens;
  private final Instant submittedAt = Instant.now();
  private final long submitted = System.nanoTime();
  private final FinishReason[] finishReasons;
  private volatile long started = NOT_YET;
  private volatile long promptRead = NOT_YET;
  private volatile long firstToken = NOT_YET;
  private volatile long ended = NOT_YET;
  private volatile int generatedTokens;
  private volatile int cachedTokens;
  private volatile Outcome outcome;

  private RequestProgress(String id, List<int[]> prompts, int maxTokens, int sequences) {
    this.id = id;
    this.prompts = prompts;
    this.maxTokens = maxTokens;
    this.finishReasons = new FinishReason[sequences];
  }

  static RequestProgress of(Generation generation) {
    return new RequestProgress(
        generation.id(),
        generation.prompts(),
        generation.sequences().get(0).maxTokens(),
        generation.sequences().size());
  }

  static RequestProgress of(TaskRequest<?> request) {
    return new RequestProgress(request.id(), request.texts(), 0, 0);
  }

  /** Returns whether the request is a task rather than a generation. */
  public boolean isTask() {
    return finishReasons.length == 0;
  }

  /** The request's name in logs. */
  public String id() {
    return id;
  }

  /** The token ids of each prompt or text of the request. */
  public List<int[]> prompts() {
    return prompts;
  }

  /** Total number of tokens of {@link #prompts}; a prompt of several choices counts once. */
  public int promptTokens() {
    return prompts.stream().mapToInt(prompt -> prompt.length).sum();
  }

  /** Largest number of tokens that each sequence may generate. */
  public int maxTokens() {
    return maxTokens;
  }

  /** Number of tokens generated so far by all sequences. */
  public int generatedTokens() {
    return generatedTokens;
  }

  /** Number of prompt tokens from the prefix cache, over all sequences. */
  public int cachedTokens() {
    return cachedTokens;
  }

  /** Wall-clock time of submission. */
  public Instant submittedAt() {
    return submittedAt;
  }

  /** Time from submission to the first slot or the start of the task; empty while it waits. */
  public Optional<Duration> untilStart() {
    return sinceSubmission(started);
  }

  /** Time from submission until a prompt was read; empty before, and for tasks. */
  public Optional<Duration> untilPromptRead() {
    return sinceSubmission(promptRead);
  }

  /** Time from submission to the first generated token; empty before. */
  public Optional<Duration> untilFirstToken() {
    return sinceSubmission(firstToken);
  }

  /** Time from submission to the end; empty before. */
  public Optional<Duration> untilEnd() {
    return sinceSubmission(ended);
  }

  /** The outcome; empty before the end. */
  public Optional<Outcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  /** The finish reason of each sequence, in order; empty unless all are complete. */
  public List<FinishReason> finishReasons() {
    return outcome == Outcome.FINISHED ? List.of(finishReasons) : List.of();
  }

  private Optional<Duration> sinceSubmission(long nanos) {
    return nanos == NOT_YET ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
  }

  private long elapsed() {
    return System.nanoTime() - submitted;
  }

  public void start() {
    if (started == NOT_YET) {
      started = elapsed();
    }
  }

  public void readPrompt() {
    if (promptRead == NOT_YET) {
      promptRead = elapsed();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread writes.
  public void generateToken() {
    if (firstToken == NOT_YET) {
      firstToken = elapsed();
    }
    generatedTokens++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread writes.
  public void addCached(int tokens) {
    cachedTokens += tokens;
  }

  public void finish(int sequence, FinishReason reason) {
    finishReasons[sequence] = reason;
  }

  void end(Outcome how) {
    ended = elapsed();
    outcome = how;
  }
}
