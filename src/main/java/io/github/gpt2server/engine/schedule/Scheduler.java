package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decides what the next step computes: one token of every decoding sequence, except streams stalled
 * by a slow consumer; draft tokens after it, where they pay; and chunks of the prompts that are
 * still being read (chunked prefill). Because prompts are read in chunks between the tokens of
 * other sequences, a long prompt never stalls them. Sequences that report whole rows of logits take
 * part in every fourth step beside others that do not: writing a vocabulary for each token takes
 * processor time that the steps of the others need.
 *
 * <p>A prompt may be cut anywhere, since that changes no result.
 */
public final class Scheduler {
  /** Number of cached tokens that are copied in the time of computing one. */
  private static final int COPY_SPEED = 16;

  /** A step reads a prompt to its end if that takes no more than this part of its tokens more. */
  private static final int END_SHARE = 4;

  /** Number of prompt tokens that take about as long as one decoded token of the same step. */
  private static final int TOKENS_PER_STREAM = 2;

  /** Sequences that report whole rows take part in one of this many steps beside others. */
  private static final int ROW_PACE = 4;

  private final int leastTokens;
  private final int busyTokens;
  private final int idleTokens;
  private final PrefixCache cache;
  private final DraftPlanner drafts;
  private int steps;
  private boolean oldestFirst;

  /**
   * Creates a scheduler.
   *
   * @param leastTokens least number of prompt tokens of a step while other sequences generate
   * @param busyTokens least number of prompt tokens of a step while other sequences generate and
   *     several prompts wait
   * @param idleTokens number of prompt tokens of a step while no sequence generates
   * @param cache provides beginnings of prompts
   * @param drafts chooses the draft tokens
   */
  public Scheduler(
      int leastTokens, int busyTokens, int idleTokens, PrefixCache cache, DraftPlanner drafts) {
    this.leastTokens = leastTokens;
    this.busyTokens = busyTokens;
    this.idleTokens = idleTokens;
    this.cache = cache;
    this.drafts = drafts;
  }

  /**
   * Plans a step.
   *
   * @param running the sequences that have a slot, oldest first
   * @param prompts whether the step may read prompts
   */
  public StepPlan plan(List<Sequence> running, boolean prompts) {
    steps++;
    boolean rows = steps % ROW_PACE == 0 || running.stream().allMatch(Sequence::reportsRows);
    List<Sequence> generating =
        running.stream()
            .filter(sequence -> sequence.decoding() && !sequence.job().handle().stalled())
            .toList();
    List<Sequence> decoding =
        generating.stream()
            .filter(sequence -> rows || !sequence.reportsRows())
            .sorted(Comparator.comparingInt(Sequence::slot))
            .toList();
    List<Sequence> byAge =
        prompts ? running.stream().filter(Sequence::prefilling).toList() : List.of();
    List<Chunk> chunks =
        chunks(reading(byAge, running), byAge, budget(generating.size(), byAge.size()));
    List<int[]> draftTokens = drafts.plan(decoding, chunks.stream().mapToInt(Chunk::length).sum());
    List<Chunk> decodes =
        IntStream.range(0, decoding.size())
            .mapToObj(i -> decoding.get(i).decode(draftTokens.get(i)))
            .toList();
    return new StepPlan(decodes, chunks, running.stream().anyMatch(Sequence::needsStates));
  }

  /**
   * The sequences whose prompts are being read, in the order of reading: by age in every other
   * step, so that none starves; in between, first those of the client with the fewest sequences,
   * and of these the one with the fewest tokens left, so that short prompts do not wait for long
   * ones.
   */
  private List<Sequence> reading(List<Sequence> byAge, List<Sequence> running) {
    if (byAge.size() < 2) {
      return byAge;
    }
    oldestFirst = !oldestFirst;
    if (oldestFirst) {
      return byAge;
    }
    Map<String, Long> sequences =
        running.stream().collect(Collectors.groupingBy(Scheduler::client, Collectors.counting()));
    return byAge.stream()
        .sorted(
            Comparator.comparing((Sequence sequence) -> sequences.get(client(sequence)))
                .thenComparing(
                    sequence -> sequence.request().prompt().length - sequence.prefilled()))
        .toList();
  }

  /**
   * The number of prompt tokens of the step. While sequences decode, as many as make the step up to
   * twice as long, but at least {@code leastTokens}, and {@code busyTokens} where several prompts
   * wait, because many small steps would delay all of them.
   */
  private int budget(int generating, int reading) {
    if (generating == 0) {
      return idleTokens;
    }
    return Math.max(TOKENS_PER_STREAM * generating, reading > 1 ? busyTokens : leastTokens);
  }

  private static String client(Sequence sequence) {
    return sequence.job().client();
  }

  private List<Chunk> chunks(List<Sequence> reading, List<Sequence> byAge, int tokens) {
    List<Chunk> chunks = new ArrayList<>();
    int budget = tokens;
    for (Sequence sequence : reading) {
      if (budget > 0 && !cache.awaits(sequence, byAge)) {
        if (sequence.prefilled() == 0) {
          budget = Math.max(1, budget - cache.restore(sequence) / COPY_SPEED);
        }
        int left = sequence.request().prompt().length - sequence.prefilled();
        Chunk chunk = sequence.read(left <= budget + budget / END_SHARE ? left : budget);
        chunks.add(chunk);
        budget -= chunk.length();
      }
    }
    return chunks;
  }
}
