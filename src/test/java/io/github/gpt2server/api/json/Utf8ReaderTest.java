package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.web.error.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8ReaderTest {

  /** Characters of one to four bytes, and pieces that end within them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8191, 8192, 8193, 100_000})
  void decodesWhateverThePiecesAre(int piece) throws IOException {
    Random random = new Random(piece);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      text.append(new String[] {"a", "é", "爱", "🐉"}[random.nextInt(4)]);
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);

    assertThat(decoded(inPieces(bytes, piece))).isEqualTo(text.toString());
  }

  @Test
  void leavesOutAByteOrderMarkAtTheBeginningAlone() throws IOException {
    assertThat(decoded("\uFEFFa\uFEFF")).isEqualTo("a\uFEFF");
    assertThat(decoded("\uFEFF")).isEmpty();
    assertThat(decoded("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 8190, 8191, 8192, 20_000})
  void saysWhereAByteDoesNotBelong(int position) {
    byte[] bytes = "x".repeat(30_000).getBytes(StandardCharsets.UTF_8);
    bytes[position] = (byte) 0xe9;

    assertThatThrownBy(() -> decoded(new ByteArrayInputStream(bytes)))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("the byte at position " + position + " does not belong there");
  }

  /** Half of a surrogate pair, an overlong form, a character that is cut short at the end. */
  @Test
  void isStrict() {
    for (int[] wrong : new int[][] {{0xed, 0xa0, 0x80}, {0xc0, 0xaf}, {0xf0, 0x9f, 0x90}}) {
      byte[] bytes = new byte[wrong.length];
      for (int i = 0; i < wrong.length; i++) {
        bytes[i] = (byte) wrong[i];
      }
      assertThatThrownBy(() -> decoded(new ByteArrayInputStream(bytes)))
          .isInstanceOf(ApiException.class)
          .hasMessageContaining("the byte at position 0 does not belong there");
    }
  }

  private static String decoded(String text) throws IOException {
    return decoded(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String decoded(InputStream bytes) throws IOException {
    StringWriter text = new StringWriter();
    new Utf8Reader(bytes).transferTo(text);
    return text.toString();
  }

  private static InputStream inPieces(byte[] bytes, int piece) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] buffer, int offset, int length) {
        return super.read(buffer, offset, Math.min(length, piece));
      }
    };
  }
}
