package io.github.gpt2server.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.BlockCopy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixIndexTest {
  private static final int LENGTH = 4;

  private final PrefixIndex index = new PrefixIndex(3, LENGTH);

  @Test
  void aTextIsFoundAsFarAsItBeginsAlike() {
    List<BlockCopy> copies = index.add("", range(0, 6), 6, 2);
    assertThat(copies)
        .extracting(BlockCopy::slot, BlockCopy::start, BlockCopy::length)
        .containsExactly(tuple(2, 0, 4), tuple(2, 4, 2));
    int first = copies.get(0).block();
    int second = copies.get(1).block();
    assertThat(index.find("", range(0, 9), 9, 5))
        .containsExactly(new BlockCopy(5, 0, 4, first), new BlockCopy(5, 4, 2, second));
    assertThat(index.find("", range(0, 9), 5, 5))
        .containsExactly(new BlockCopy(5, 0, 4, first), new BlockCopy(5, 4, 1, second));
    assertThat(index.find("", new int[] {0, 1, 7, 8, 9}, 5, 5))
        .containsExactly(new BlockCopy(5, 0, 2, first));
    assertThat(index.find("", new int[] {7, 8}, 2, 5)).isEmpty();
    assertThat(index.usage()).isCloseTo(2 / 3.0, within(1e-9));
  }

  @Test
  void whatIsThereIsNotCopiedAgain() {
    index.add("", range(0, 8), 8, 0);
    assertThat(index.add("", range(0, 8), 8, 1)).isEmpty();
    assertThat(index.add("", range(0, 8), 7, 1)).isEmpty();
    assertThat(index.add("", range(0, 9), 9, 1)).hasSize(1);
  }

  /** A text that goes on does not need a second block for what it began with. */
  @Test
  void aBlockThatIsNotFullTakesWhatFollows() {
    List<BlockCopy> shorter = index.add("", range(0, 6), 6, 0);
    int block = shorter.get(1).block();
    assertThat(index.add("", range(0, 7), 7, 1)).containsExactly(new BlockCopy(1, 4, 3, block));
    assertThat(index.find("", range(0, 7), 7, 2)).contains(new BlockCopy(2, 4, 3, block));
    assertThat(index.usage()).isCloseTo(2 / 3.0, within(1e-9));
    // Another continuation needs its own.
    assertThat(index.add("", new int[] {0, 1, 2, 3, 4, 9}, 6, 1)).hasSize(1);
    assertThat(index.usage()).isEqualTo(1);
  }

  @Test
  void saltsShareNothing() {
    index.add("a", range(0, 4), 4, 0);
    assertThat(index.find("b", range(0, 4), 4, 0)).isEmpty();
    assertThat(index.find("a", range(0, 4), 4, 0)).hasSize(1);
  }

  @Test
  void theLeastRecentlyUsedGoesFirstButNotBeforeWhatFollowsIt() {
    int[] longer = range(0, 8);
    int[] other = range(50, 54);
    index.add("", longer, 8, 0);
    index.add("", other, 4, 0);
    // Full; the text of two blocks is the older one, and its second block has to go first.
    index.add("", range(60, 64), 4, 0);
    // What was looked for just now is not the oldest any more.
    assertThat(index.find("", longer, 8, 0)).hasSize(1);
    index.add("", range(70, 74), 4, 0);
    assertThat(index.find("", other, 4, 0)).isEmpty();
    assertThat(index.find("", longer, 8, 0)).hasSize(1);
  }

  @Test
  void aTextLongerThanTheCacheIsRetainedAsFarAsItFits() {
    assertThat(index.add("", range(0, 20), 20, 0)).hasSize(3);
    assertThat(index.find("", range(0, 20), 20, 0)).hasSize(3);
  }

  @Test
  void aBrokenTextIsRemovedAndOthersStay() {
    index.add("", range(0, 8), 8, 0);
    index.add("", range(20, 24), 4, 0);
    index.remove("", range(0, 8));
    assertThat(index.find("", range(0, 8), 8, 0)).isEmpty();
    assertThat(index.find("", range(20, 24), 4, 0)).hasSize(1);
    assertThat(index.usage()).isCloseTo(1 / 3.0, within(1e-9));
    index.remove("other", range(20, 24));
    assertThat(index.find("", range(20, 24), 4, 0)).hasSize(1);
  }

  @Test
  void withoutBlocksNothingIsRetained() {
    PrefixIndex none = new PrefixIndex(0, LENGTH);
    assertThat(none.add("", range(0, 4), 4, 0)).isEmpty();
    assertThat(none.find("", range(0, 4), 4, 0)).isEmpty();
    assertThat(none.usage()).isZero();
  }

  /** A block that is found holds exactly what was asked for, whatever happened before. */
  @Test
  void neverGivesAnotherTextsBlock() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      PrefixIndex index = new PrefixIndex(1 + random.nextInt(8), LENGTH);
      // Of each block the salt and the whole text up to its end.
      Map<Integer, String> contents = new HashMap<>();
      int found = 0;
      for (int step = 0; step < 4000; step++) {
        int[] text = random.ints(1 + random.nextInt(14), 0, 2).toArray();
        String salt = random.nextInt(4) == 0 ? "salt" : "";
        for (BlockCopy copy : index.find(salt, text, text.length, 0)) {
          String begins = salt + Arrays.toString(Arrays.copyOf(text, copy.start() + copy.length()));
          assertThat(contents.get(copy.block()))
              .startsWith(begins.substring(0, begins.length() - 1));
          found++;
        }
        if (random.nextInt(20) == 0) {
          index.remove(salt, text);
        } else {
          int length = 1 + random.nextInt(text.length);
          Set<Integer> used = new HashSet<>();
          for (BlockCopy copy : index.add(salt, text, length, 0)) {
            assertThat(used.add(copy.block())).as("two parts of a text in a block").isTrue();
            contents.put(
                copy.block(),
                salt + Arrays.toString(Arrays.copyOf(text, copy.start() + copy.length())));
          }
        }
      }
      assertThat(found).isPositive();
    }
  }

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }
}
