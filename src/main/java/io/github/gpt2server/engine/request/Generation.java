package io.github.gpt2server.engine.request;

import java.time.Duration;
import java.util.List;

/**
 * One request to the engine: sequences that are queued, cancelled and timed out together. It takes
 * one place in the queue however many sequences it has; each running sequence takes a KV-cache
 * slot.
 *
 * @param id names the request in logs
 * @param sequences at least one
 * @param timeout counted from submission; what is not finished by then ends as timed out
 * @param streaming whether the submitter wants to be woken for every token or once at the end
 * @param client whose it is; clients get slots in turns
 */
public record Generation(
    String id,
    List<SequenceRequest> sequences,
    Duration timeout,
    boolean streaming,
    String client) {

  /** Copies the list, so that nobody changes it later. */
  public Generation {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("a generation needs at least one sequence");
    }
  }

  /** A generation of nobody in particular. */
  public Generation(
      String id, List<SequenceRequest> sequences, Duration timeout, boolean streaming) {
    this(id, sequences, timeout, streaming, "");
  }

  /** About how much memory the events of all its tokens take if none of them is read, in bytes. */
  public long eventBytes() {
    return sequences.stream().mapToLong(SequenceRequest::eventBytes).sum();
  }

  /** The same, of a client. */
  public Generation of(String owner) {
    return new Generation(id, sequences, timeout, streaming, owner);
  }

  /** The same, which shares the prefix cache with those of this owner alone; empty is everybody. */
  public Generation inCacheOf(String owner) {
    return owner.isEmpty()
        ? this
        : new Generation(
            id,
            sequences.stream().map(sequence -> sequence.inCacheOf(owner)).toList(),
            timeout,
            streaming,
            client);
  }
}
