package io.github.gpt2server.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.schedule.PrefixCache.State;
import io.github.gpt2server.model.StepPlan;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
  private static final int LENGTH = 4;

  private final PrefixCache cache = new PrefixCache(3, LENGTH);

  @Test
  void aBlockIsFoundOnceItIsCommitted() {
    int[] prompt = {1, 2, 3, 4, 5, 6};
    cache.beginStep();
    int block = cache.reserve("", prompt, 0, 4);
    assertThat(cache.find("", prompt, 0, 4).state()).isEqualTo(State.PENDING);
    cache.commit(block);
    cache.endStep();
    assertThat(cache.find("", prompt, 0, 4)).isEqualTo(new PrefixCache.Lookup(State.CACHED, block));
    assertThat(cache.find("", new int[] {1, 2, 3, 5}, 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(cache.status().usage()).isEqualTo(1 / 3.0);
  }

  @Test
  void whatIsNotCommittedIsForgottenWithWhatFollowsIt() {
    int[] prompt = range(0, 12);
    cache.beginStep();
    int first = cache.reserve("", prompt, 0, 4);
    int second = cache.reserve("", prompt, 4, 8);
    cache.commit(second);
    cache.endStep();
    assertThat(first).isNotEqualTo(second);
    assertThat(cache.find("", prompt, 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(cache.find("", prompt, 4, 8).state()).isEqualTo(State.ABSENT);
    assertThat(cache.status().usage()).isZero();
  }

  @Test
  void whatFollowsAnAbsentBlockGetsNoBlock() {
    cache.beginStep();
    assertThat(cache.reserve("", range(0, 8), 4, 8)).isEqualTo(StepPlan.NO_BLOCK);
  }

  @Test
  void aShortBlockIsFoundOnlyByPromptsThatEndThere() {
    int[] prompt = range(0, 8);
    keep("", prompt, 6);
    assertThat(cache.find("", prompt, 4, 6).state()).isEqualTo(State.CACHED);
    assertThat(cache.find("", prompt, 4, 8).state()).isEqualTo(State.ABSENT);
  }

  @Test
  void saltsShareNothing() {
    int[] prompt = range(0, 4);
    keep("a", prompt, 4);
    assertThat(cache.find("b", prompt, 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(cache.find("a", prompt, 0, 4).state()).isEqualTo(State.CACHED);
  }

  @Test
  void theLeastRecentlyUsedGoesFirstButNotBeforeWhatFollowsIt() {
    int[] longer = range(0, 8);
    int[] other = range(50, 54);
    keep("", longer, 8);
    keep("", other, 4);
    // Full; the prompt of two chunks is the older one, and its second chunk has to go first.
    keep("", range(60, 64), 4);
    assertThat(cache.find("", longer, 4, 8).state()).isEqualTo(State.ABSENT);
    // What was looked for just now is not the oldest any more.
    assertThat(cache.find("", longer, 0, 4).state()).isEqualTo(State.CACHED);
    keep("", range(70, 74), 4);
    assertThat(cache.find("", other, 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(cache.find("", longer, 0, 4).state()).isEqualTo(State.CACHED);
  }

  @Test
  void whatAStepUsesIsNotEvictedInIt() {
    keep("", range(0, 4), 4);
    keep("", range(10, 14), 4);
    keep("", range(20, 24), 4);
    cache.beginStep();
    cache.find("", range(0, 4), 0, 4);
    cache.find("", range(10, 14), 0, 4);
    cache.find("", range(20, 24), 0, 4);
    assertThat(cache.reserve("", range(30, 34), 0, 4)).isEqualTo(StepPlan.NO_BLOCK);
    cache.beginStep();
    assertThat(cache.reserve("", range(30, 34), 0, 4)).isNotEqualTo(StepPlan.NO_BLOCK);
  }

  @Test
  void aBrokenPromptIsForgottenAndOthersStay() {
    keep("", range(0, 8), 8);
    keep("", range(20, 24), 4);
    cache.forget(PrefixReuse.first(8), range(0, 8));
    assertThat(cache.find("", range(0, 8), 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(cache.find("", range(20, 24), 0, 4).state()).isEqualTo(State.CACHED);
    assertThat(cache.status().usage()).isEqualTo(1 / 3.0);
    cache.forget(PrefixReuse.NONE, range(20, 24));
    assertThat(cache.find("", range(20, 24), 0, 4).state()).isEqualTo(State.CACHED);
  }

  @Test
  void withoutBlocksNothingIsKept() {
    PrefixCache none = new PrefixCache(0, LENGTH);
    none.beginStep();
    assertThat(none.reserve("", range(0, 4), 0, 4)).isEqualTo(StepPlan.NO_BLOCK);
    none.endStep();
    assertThat(none.find("", range(0, 4), 0, 4).state()).isEqualTo(State.ABSENT);
    assertThat(none.status().usage()).isZero();
  }

  /** A block that is found holds exactly the prompt that asked, whatever happened before. */
  @Test
  void neverGivesAnotherPromptsBlock() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      PrefixCache cache = new PrefixCache(1 + random.nextInt(8), LENGTH);
      Map<Integer, String> contents = new HashMap<>();
      int found = 0;
      for (int step = 0; step < 2000; step++) {
        cache.beginStep();
        Set<Integer> usedInStep = new HashSet<>();
        for (int sequence = 0; sequence < 1 + random.nextInt(3); sequence++) {
          int[] prompt = random.ints(1 + random.nextInt(14), 0, 2).toArray();
          String salt = random.nextInt(4) == 0 ? "salt" : "";
          for (int start = 0; start < prompt.length; start += LENGTH) {
            int end = Math.min(prompt.length, start + LENGTH);
            String content = salt + Arrays.toString(Arrays.copyOf(prompt, end));
            PrefixCache.Lookup lookup = cache.find(salt, prompt, start, end);
            if (lookup.state() == State.PENDING) {
              break;
            }
            if (lookup.state() == State.CACHED) {
              assertThat(contents.get(lookup.block())).isEqualTo(content);
              usedInStep.add(lookup.block());
              found++;
              continue;
            }
            int block = cache.reserve(salt, prompt, start, end);
            if (block != StepPlan.NO_BLOCK) {
              assertThat(usedInStep.add(block)).as("a block that the step uses").isTrue();
              contents.put(block, content);
              if (random.nextInt(10) > 0) {
                cache.commit(block);
              }
            }
          }
          if (random.nextInt(20) == 0) {
            cache.forget(new PrefixReuse(prompt.length, salt), prompt);
            break;
          }
        }
        cache.endStep();
      }
      assertThat(found).isPositive();
    }
  }

  private void keep(String salt, int[] prompt, int end) {
    cache.beginStep();
    for (int start = 0; start < end; start += LENGTH) {
      int stop = Math.min(end, start + LENGTH);
      if (cache.find(salt, prompt, start, stop).state() == State.ABSENT) {
        cache.commit(cache.reserve(salt, prompt, start, stop));
      }
    }
    cache.endStep();
  }

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }
}
