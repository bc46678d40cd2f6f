package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.PromptChunk;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Decides what the next step computes: one token of every decoding sequence, except streams stalled
 * by a slow consumer; draft tokens after it, where they pay; and chunks of the prompts that are
 * still being read (chunked prefill). Because prompts are read in chunks between the tokens of
 * other sequences, a long prompt never stalls them. Sequences that report whole rows of logits take
 * part in every fourth step beside others that do not: writing a vocabulary for each token takes
 * processor time that the steps of the others need.
 *
 * <p>Chunks begin and end at multiples of the chunk size whatever the load: a prompt read in other
 * chunks gives logits that differ in their last bits, and an answer must not depend on the
 * neighbors of its request. For the same reason the prefix cache holds whole chunks: a cached chunk
 * has the bits that computing it again would give.
 */
public final class Scheduler {
  /** Number of cached tokens that are copied in the time of computing one. */
  private static final int COPY_SPEED = 16;

  /** Number of prompt tokens that take about as long as one decoded token of the same step. */
  private static final int TOKENS_PER_STREAM = 2;

  /** Sequences that report whole rows take part in one of this many steps beside others. */
  private static final int ROW_PACE = 4;

  private final int chunkSize;
  private final int busyTokens;
  private final int idleTokens;
  private final PrefixCache cache;
  private final DraftPlanner drafts;
  private int steps;
  private boolean oldestFirst;

  /**
   * Creates a scheduler.
   *
   * @param chunkSize length of the longest prompt chunk, in tokens
   * @param busyTokens least number of prompt tokens of a step while other sequences generate and
   *     several prompts wait
   * @param idleTokens number of prompt tokens of a step while no sequence generates
   * @param cache index of the cached prompt chunks
   * @param drafts chooses the draft tokens
   */
  public Scheduler(
      int chunkSize, int busyTokens, int idleTokens, PrefixCache cache, DraftPlanner drafts) {
    this.chunkSize = chunkSize;
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
    cache.beginStep();
    steps++;
    boolean rows = steps % ROW_PACE == 0 || running.stream().allMatch(Sequence::reportsRows);
    List<Sequence> generating =
        running.stream()
            .filter(sequence -> !sequence.prefilling() && !sequence.job().handle().stalled())
            .toList();
    List<Sequence> decoding =
        generating.stream()
            .filter(sequence -> rows || !sequence.reportsRows())
            .sorted(Comparator.comparingInt(Sequence::slot))
            .toList();
    List<Sequence> reading = prompts ? reading(running) : List.of();
    List<PromptChunk> chunks = chunks(reading, budget(generating.size(), reading.size()));
    int computed =
        chunks.stream().filter(ComputedChunk.class::isInstance).mapToInt(PromptChunk::length).sum();
    List<Decode> decodes = new ArrayList<>(decoding.stream().map(Sequence::decode).toList());
    decodes.addAll(drafts.plan(decoding, computed));
    return new StepPlan(decodes, chunks);
  }

  /**
   * The sequences whose prompts are not read yet, in the order of reading: by age in every other
   * step, so that none starves; in between, first those of the client with the fewest sequences,
   * and of these the one with the fewest tokens left, so that short prompts do not wait for long
   * ones.
   */
  private List<Sequence> reading(List<Sequence> running) {
    List<Sequence> byAge = running.stream().filter(Sequence::prefilling).toList();
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
   * The number of prompt tokens of the step, before rounding up to whole chunks. While sequences
   * decode, as many as make the step up to twice as long, but at least a chunk, and at least {@code
   * busyTokens} where several prompts wait, because many small steps would delay all of them.
   */
  private int budget(int generating, int reading) {
    if (generating == 0) {
      return idleTokens;
    }
    return Math.max(TOKENS_PER_STREAM * generating, reading > 1 ? busyTokens : chunkSize);
  }

  private static String client(Sequence sequence) {
    return sequence.job().client();
  }

  private List<PromptChunk> chunks(List<Sequence> reading, int tokens) {
    List<PromptChunk> chunks = new ArrayList<>();
    int budget = tokens;
    for (Sequence sequence : reading) {
      int start = sequence.prefilled();
      while (start < sequence.request().prompt().length && budget > 0) {
        int end = sequence.chunkEnd(start, chunkSize);
        PromptChunk chunk = chunk(sequence, start, end);
        if (chunk == null) {
          break;
        }
        chunks.add(chunk);
        budget -= cost(chunk);
        start = end;
      }
    }
    return chunks;
  }

  /** The next chunk of a prompt; null while another sequence computes the same tokens. */
  private PromptChunk chunk(Sequence sequence, int start, int end) {
    if (!sequence.reuses(end)) {
      return sequence.chunk(start, end, StepPlan.NO_BLOCK);
    }
    String salt = sequence.request().reuse().salt();
    int[] prompt = sequence.request().prompt();
    PrefixCache.Lookup found = cache.find(salt, prompt, start, end);
    return switch (found.state()) {
      case CACHED -> sequence.cachedChunk(start, end, found.block());
      case PENDING -> null;
      case ABSENT -> sequence.chunk(start, end, cache.reserve(salt, prompt, start, end));
    };
  }

  /** The cost of a chunk, in computed tokens. */
  private static int cost(PromptChunk chunk) {
    return chunk instanceof ComputedChunk
        ? chunk.length()
        : Math.max(1 + chunk.length() / COPY_SPEED, chunk.logitRows());
  }
}
