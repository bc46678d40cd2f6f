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
 * Decides what the next step computes: one token of every sequence that generates (but for those
 * whose readers lag), tokens guessed to follow it where that pays, and chunks of the prompts that
 * are still being read, oldest first. A long prompt is read in chunks between other sequences'
 * tokens, so that it never stalls them. Sequences that report whole rows take every fourth step
 * beside others that don't: writing a vocabulary for each of their tokens takes processor time that
 * the others' steps need.
 *
 * <p>Chunks begin and end at multiples of the chunk size whatever the traffic is: a prompt read in
 * other chunks gives logits that differ in their last bits, and a request's answer must not depend
 * on its neighbours. For the same reason the prefix cache keeps whole chunks: what comes from there
 * has the bits that computing it again would give.
 */
public final class Scheduler {
  /** So many cached tokens are copied in the time in which one is computed. */
  private static final int COPY_SPEED = 16;

  /** So many prompt tokens take about as long as one token that is generated in the same step. */
  private static final int TOKENS_PER_STREAM = 2;

  /** Sequences that report whole rows take one of so many steps beside others. */
  private static final int ROW_PACE = 4;

  private final int chunkSize;
  private final int busyTokens;
  private final int idleTokens;
  private final PrefixCache cache;
  private final DraftPlanner drafts;
  private int steps;
  private boolean oldestFirst;

  /**
   * @param chunkSize the longest chunk of a prompt
   * @param busyTokens how many prompt tokens a step reads at least while others generate and
   *     several prompts wait
   * @param idleTokens how many it reads while nothing generates
   * @param cache what need not be computed
   * @param drafts which guessed tokens are computed
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
   * @param prompts whether prompts are read in this step
   */
  public StepPlan plan(List<Sequence> running, boolean prompts) {
    cache.beginStep();
    steps++;
    boolean rows = steps % ROW_PACE == 0 || running.stream().allMatch(Sequence::reportsRows);
    List<Sequence> generating =
        running.stream()
            .filter(sequence -> !sequence.prefilling() && !sequence.job().handle().lags())
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
   * Those whose prompts are not read yet, in the order in which they are read: by age in every
   * other step, so that each has its turn; in between those of the client who has the fewest
   * sequences first, of these the one with the least left, so that a short prompt does not wait for
   * long ones.
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
   * How many prompt tokens the step reads, rounded up to whole chunks. While others generate, as
   * many as make the step up to twice as long, but no less than a chunk; and where several prompts
   * wait, no less than {@code busyTokens}, for many small steps would make all of them wait.
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

  /** The next chunk of a prompt; null if it is better to wait until another sequence has it. */
  private PromptChunk chunk(Sequence sequence, int start, int end) {
    if (!sequence.reuses(end)) {
      return sequence.chunk(start, end, StepPlan.NO_BLOCK);
    }
    String salt = sequence.request().reuse().salt();
    int[] prompt = sequence.request().prompt();
    PrefixCache.Lookup found = cache.find(salt, prompt, start, end);
    return switch (found.state()) {
      case KEPT -> sequence.cachedChunk(start, end, found.block());
      case PENDING -> null;
      case UNKNOWN -> sequence.chunk(start, end, cache.reserve(salt, prompt, start, end));
    };
  }

  private static int cost(PromptChunk chunk) {
    return chunk instanceof ComputedChunk
        ? chunk.length()
        : Math.max(1 + chunk.length() / COPY_SPEED, chunk.logitRows());
  }
}
