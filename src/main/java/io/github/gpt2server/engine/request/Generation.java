package io.github.gpt2server.engine.request;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A request for generation: sequences that are queued, cancelled and timed out together. It takes
 * one place in the queue whatever its number of sequences; each running sequence takes a KV-cache
 * slot.
 *
 * @param id the request's name in logs
 * @param sequences the sequences, at least one
 * @param timeout longest time from submission to the end
 * @param streaming whether the submitter reads events as they come rather than after the end
 * @param client the client that it belongs to; clients get slots in turns
 * @param search the search that finds the texts, or null if they are sampled; the sequences then
 *     are its {@link TextSearch#results}, best first, of one prompt after the other
 */
public record Generation(
    String id,
    List<SequenceRequest> sequences,
    Duration timeout,
    boolean streaming,
    String client,
    TextSearch search) {

  /** Copies the list. */
  public Generation {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("a generation needs at least one sequence");
    }
    if (search != null && sequences.size() % search.results() != 0) {
      throw new IllegalArgumentException("a search has all of its results");
    }
    if (search != null && sequences.stream().anyMatch(sequence -> sequence.maxTokens() == 0)) {
      throw new IllegalArgumentException("a search generates tokens");
    }
  }

  /** Creates a generation by sampling. */
  public Generation(
      String id,
      List<SequenceRequest> sequences,
      Duration timeout,
      boolean streaming,
      String client) {
    this(id, sequences, timeout, streaming, client, null);
  }

  /** Creates a generation without a client. */
  public Generation(
      String id, List<SequenceRequest> sequences, Duration timeout, boolean streaming) {
    this(id, sequences, timeout, streaming, "");
  }

  /**
   * The token ids of each prompt. The choices of one prompt stand together and share its array,
   * which counts once.
   */
  public List<int[]> prompts() {
    List<int[]> prompts = new ArrayList<>();
    for (SequenceRequest sequence : sequences) {
      if (prompts.isEmpty() || prompts.get(prompts.size() - 1) != sequence.prompt()) {
        prompts.add(sequence.prompt());
      }
    }
    return prompts;
  }

  /** Approximate memory of the events of all its tokens, in bytes. */
  public long eventBytes() {
    return sequences.stream().mapToLong(SequenceRequest::eventBytes).sum();
  }

  /** This generation as one of {@code owner}. */
  public Generation of(String owner) {
    return new Generation(id, sequences, timeout, streaming, owner, search);
  }

  /**
   * This generation, sharing the prefix cache only with requests of the same owner.
   *
   * @param owner empty to share with all requests
   */
  public Generation inCacheOf(String owner) {
    return owner.isEmpty()
        ? this
        : new Generation(
            id,
            sequences.stream().map(sequence -> sequence.inCacheOf(owner)).toList(),
            timeout,
            streaming,
            client,
            search);
  }
}
