package io.github.gpt2server.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextDecoderTest {

  @Test
  void waitsForTheRestOfACharacter() {
    TextDecoder decoder = new TextDecoder();
    assertThat(decoder.append(bytes("61f09f"))).isEqualTo("a");
    assertThat(decoder.append(bytes("90"))).isEmpty();
    assertThat(decoder.append(bytes("8962"))).isEqualTo("🐉b");
    assertThat(decoder.finish()).isEmpty();
  }

  @Test
  void aCopyWaitsForTheSameRest() {
    byte[] dragon = "🐉".getBytes(UTF_8);
    for (int cut = 1; cut < dragon.length; cut++) {
      TextDecoder decoder = new TextDecoder();
      decoder.append(Arrays.copyOf(dragon, cut));
      byte[] rest = Arrays.copyOfRange(dragon, cut, dragon.length);
      assertThat(decoder.copy().append(rest)).isEqualTo("🐉");
      assertThat(decoder.copy().append(new byte[] {'a'})).isEqualTo("\ufffda");
      assertThat(decoder.append(rest)).isEqualTo("🐉");
    }
  }

  @Test
  void replacesWhatIsLeftIncomplete() {
    TextDecoder decoder = new TextDecoder();
    assertThat(decoder.append(bytes("61e280"))).isEqualTo("a");
    assertThat(decoder.finish()).isEqualTo("\ufffd");
    assertThat(decoder.finish()).isEmpty();
  }

  /**
   * The examples of the Unicode Standard (16.0, section 3.9, tables 3-8 to 3-11); an asterisk
   * stands for U+FFFD.
   */
  @ParameterizedTest
  @CsvSource({
    "c0afe080bff0818241, ********A",
    "eda080edbfbfedaf41, ********A",
    "f4919293ff4180bf42, *****A**B",
    "e180e2f09192f1bf41, ****A"
  })
  void replacesMaximalSubparts(String hex, String expected) {
    assertThat(whole(bytes(hex))).isEqualTo(expected.replace('*', '\ufffd'));
  }

  @Test
  void agreesWithJavaExceptOnEncodedSurrogates() {
    Random random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = randomBytes(random);
      for (int j = 0; j < bytes.length; j++) {
        if (bytes[j] == (byte) 0xed) {
          bytes[j] = (byte) 0xee;
        }
      }
      assertThat(whole(bytes)).isEqualTo(new String(bytes, UTF_8));
    }
  }

  @Test
  void doesNotDependOnTheCuts() {
    Random random = new Random(2);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = randomBytes(random);
      TextDecoder decoder = new TextDecoder();
      StringBuilder joined = new StringBuilder();
      for (int from = 0; from < bytes.length; ) {
        int to = Math.min(bytes.length, from + random.nextInt(4));
        String piece = decoder.append(Arrays.copyOfRange(bytes, from, to));
        Surrogates.requirePaired(piece, "the piece");
        joined.append(piece);
        from = to;
      }
      joined.append(decoder.finish());
      assertThat(joined.toString()).isEqualTo(whole(bytes));
    }
  }

  private static String whole(byte[] bytes) {
    TextDecoder decoder = new TextDecoder();
    return decoder.append(bytes) + decoder.finish();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  /** Bytes of real characters, some of them lost or replaced. */
  private static byte[] randomBytes(Random random) {
    byte[] bytes = new RandomTexts(random.nextLong()).next(8).getBytes(UTF_8);
    for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
      bytes[random.nextInt(bytes.length)] =
          (byte) (random.nextBoolean() ? random.nextInt(256) : 0x80 + random.nextInt(0x80));
    }
    return Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
  }
}
