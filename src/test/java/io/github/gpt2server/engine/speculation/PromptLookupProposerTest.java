package io.github.gpt2server.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PromptLookupProposerTest {

  @Test
  void withoutARepetitionThereIsNoDraft() {
    assertThat(lookup(1).match()).isZero();
    assertThat(lookup(1, 2, 3).match()).isZero();
  }

  @Test
  void theLongestMatchIsTaken() {
    PromptLookupProposer lookup = lookup(7, 1, 2, 50, 8, 2, 60, 9, 2, 70, 1, 2);
    assertThat(lookup.match()).isEqualTo(2);
    assertThat(draft(lookup, 3)).containsExactly(50, 8, 2);
  }

  @Test
  void ofEqualMatchesTheLatestIsTaken() {
    PromptLookupProposer lookup = lookup(1, 2, 50, 1, 2, 60, 9, 1, 2);
    assertThat(lookup.match()).isEqualTo(2);
    assertThat(draft(lookup, 2)).containsExactly(60, 9);
  }

  @Test
  void aLoopIsDraftedBeyondTheTextsEnd() {
    PromptLookupProposer lookup = lookup(9, 1, 2, 3, 1, 2, 3, 1);
    assertThat(lookup.match()).isEqualTo(4);
    assertThat(draft(lookup, 7)).containsExactly(2, 3, 1, 2, 3, 1, 2);
    assertThat(draft(lookup(5, 5), 3)).containsExactly(5, 5, 5);
  }

  @Test
  void matchesAreComparedSoFarAndNoFurther() {
    int[] loop = new int[200];
    assertThat(lookup(loop).match()).isEqualTo(PromptLookupProposer.LONGEST_MATCH);
  }

  @Test
  void whatIsAppendedCounts() {
    PromptLookupProposer lookup = new PromptLookupProposer(new int[] {1, 2}, 6);
    for (int token : new int[] {3, 4, 1}) {
      lookup.append(token);
    }
    assertThat(draft(lookup, 2)).containsExactly(2, 3);
    lookup.append(5);
    assertThat(lookup.match()).isZero();
  }

  /** Against a search that is obviously right, in texts of few tokens. */
  @Test
  void isWhatAPlainSearchFinds() {
    Random random = new Random(4);
    for (int trial = 0; trial < 500; trial++) {
      int kinds = 1 + random.nextInt(5);
      int[] text = random.ints(1 + random.nextInt(80), 0, kinds).toArray();
      int begin = 1 + random.nextInt(text.length);
      PromptLookupProposer lookup =
          new PromptLookupProposer(Arrays.copyOf(text, begin), text.length);
      Arrays.stream(text, begin, text.length).forEach(lookup::append);
      int match = 0;
      int source = 0;
      for (int end = 1; end < text.length; end++) {
        for (int length = 1;
            length <= Math.min(end, PromptLookupProposer.LONGEST_MATCH);
            length++) {
          if (Arrays.equals(text, end - length, end, text, text.length - length, text.length)
              && length >= match) {
            match = length;
            source = end;
          }
        }
      }
      assertThat(lookup.match()).isEqualTo(match);
      if (match > 0) {
        int[] goesOn = Arrays.copyOf(text, text.length + 20);
        for (int i = 0; i < 20; i++) {
          goesOn[text.length + i] = goesOn[source + i];
        }
        assertThat(draft(lookup, 20))
            .isEqualTo(Arrays.copyOfRange(goesOn, text.length, text.length + 20));
      }
    }
  }

  private static PromptLookupProposer lookup(int... text) {
    return new PromptLookupProposer(text, text.length);
  }

  private static int[] draft(PromptLookupProposer lookup, int count) {
    return IntStream.range(0, count).map(lookup::draftToken).toArray();
  }
}
