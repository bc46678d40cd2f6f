package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How far a submitted request has come, and when: it waits, it begins, its prompt is read, its
 * tokens are generated, it ends. Of several sequences, the first to get there counts. The engine
 * thread writes, anybody may read at any time.
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
    List<int[]> prompts = new ArrayList<>();
    for (SequenceRequest sequence : generation.sequences()) {
      // The choices of one prompt stand together and share the array.
      if (prompts.isEmpty() || prompts.get(prompts.size() - 1) != sequence.prompt()) {
        prompts.add(sequence.prompt());
      }
    }
    return new RequestProgress(
        generation.id(),
        prompts,
        generation.sequences().get(0).maxTokens(),
        generation.sequences().size());
  }

  static RequestProgress of(TaskRequest<?> request) {
    return new RequestProgress(request.id(), request.texts(), 0, 0);
  }

  /** Whether it is a task rather than a generation. */
  public boolean isTask() {
    return finishReasons.length == 0;
  }

  /** Names the request in logs. */
  public String id() {
    return id;
  }

  /** The token ids of each prompt or text that the request brought. */
  public List<int[]> prompts() {
    return prompts;
  }

  /** How many tokens they have together; a prompt of several choices counts once. */
  public int promptTokens() {
    return prompts.stream().mapToInt(prompt -> prompt.length).sum();
  }

  /** How many tokens each sequence may generate. */
  public int maxTokens() {
    return maxTokens;
  }

  /** How many tokens all sequences have generated. */
  public int generatedTokens() {
    return generatedTokens;
  }

  /** How many tokens of the prompts came from the prefix cache, in all sequences. */
  public int cachedTokens() {
    return cachedTokens;
  }

  /** When the request was submitted, by the wall clock. */
  public Instant submittedAt() {
    return submittedAt;
  }

  /** From submission until it got its first slot, or its task began; empty while it waits. */
  public Optional<Duration> untilStart() {
    return sinceSubmission(started);
  }

  /** From submission until a prompt was read; empty before, and for tasks. */
  public Optional<Duration> untilPromptRead() {
    return sinceSubmission(promptRead);
  }

  /** From submission until a token was generated; empty before. */
  public Optional<Duration> untilFirstToken() {
    return sinceSubmission(firstToken);
  }

  /** From submission to the end; empty before. */
  public Optional<Duration> untilEnd() {
    return sinceSubmission(ended);
  }

  /** How it ended; empty before. */
  public Optional<Outcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  /** Why each sequence is complete, in their order; empty unless all are. */
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
