package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenOffsetsTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));

  /** Ids below 256 are mostly single bytes: most of these sequences are no valid UTF-8. */
  @Test
  void agreesWithTheOffsetsOfTheWholeText() {
    Random random = new Random(3);
    for (int trial = 0; trial < 2000; trial++) {
      int[] tokens = random.ints(random.nextInt(12), 0, trial % 2 == 0 ? 256 : 4096).toArray();
      TokenOffsets offsets = new TokenOffsets();
      int[] found = new int[tokens.length];
      for (int i = 0; i < tokens.length; i++) {
        found[i] = offsets.next(TOKENIZER.bytes(tokens[i]));
      }
      assertThat(found).isEqualTo(TOKENIZER.offsets(tokens));
    }
  }
}
