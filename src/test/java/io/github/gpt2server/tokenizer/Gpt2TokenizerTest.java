package io.github.gpt2server.tokenizer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class Gpt2TokenizerTest {

  private static final int END_OF_TEXT = 4095;

  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void encodesAsTheReferenceDoes() throws IOException {
    for (GoldenTokens.Example example : GoldenTokens.read()) {
      assertThat(tokenizer.encode(example.text())).as(example.text()).isEqualTo(example.tokens());
      assertThat(tokenizer.decode(example.tokens())).isEqualTo(example.text());
    }
  }

  @Test
  void knowsItsVocabulary() {
    assertThat(tokenizer.vocabSize()).isEqualTo(4096);
    assertThat(tokenizer.endOfText()).hasValue(END_OF_TEXT);
    assertThat(tokenizer.bytes(220)).isEqualTo(new byte[] {' '});
    assertThat(tokenizer.bytes(END_OF_TEXT)).isEqualTo("<|endoftext|>".getBytes(UTF_8));
  }

  @Test
  void findsEndOfTextInsideATextAndNeverSkipsIt() {
    String text = "a<|endoftext|> b<|endoftext|><|endoftext|>";
    int[] tokens = tokenizer.encode(text);
    assertThat(tokens).containsSubsequence(END_OF_TEXT, END_OF_TEXT, END_OF_TEXT);
    assertThat(tokens[1]).isEqualTo(END_OF_TEXT);
    assertThat(tokenizer.decode(tokens)).isEqualTo(text);
  }

  @Test
  void givesEveryTextBack() {
    RandomTexts texts = new RandomTexts(1);
    for (int i = 0; i < 5_000; i++) {
      String text = texts.next(60);
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }
  }

  @Test
  void cutsNothingFromALongText() {
    String words = "Once upon a time there was a king. ".repeat(2_000);
    String oneWord = "ab".repeat(100_000);
    String spaces = " ".repeat(200_000) + "x";
    String mixed = new RandomTexts(6).next(400_000);
    for (String text : List.of(words, oneWord, spaces, mixed)) {
      assertThat(tokenizer.decode(tokenizer.encode(text)).equals(text)).isTrue();
    }
  }

  @Test
  void refusesALoneSurrogate() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("ab\ud83d c"))
        .withMessageContaining("position 2")
        .withMessageContaining("U+D83D");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("🐉\udc09"))
        .withMessageContaining("position 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("\ud83d"))
        .withMessageContaining("position 0");
  }

  @Test
  void refusesAnIdOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.decode(1, 4096))
        .withMessageContaining("4096")
        .withMessageContaining("0 to 4095");
    assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.bytes(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.token(4096));
    assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.offsets(4096));
  }

  @Test
  void writesTokensAsOpenAiDoes() {
    assertThat(tokenizer.token(220)).isEqualTo(" ");
    assertThat(tokenizer.token(197)).isEqualTo("\t");
    assertThat(tokenizer.token(158)).isEqualTo("bytes:\\xe2");
    assertThat(tokenizer.token(END_OF_TEXT)).isEqualTo("<|endoftext|>");
  }

  @Test
  void offsetsCountCodePoints() {
    String dragon = "a🐉b";
    int[] tokens = tokenizer.encode(dragon);
    assertThat(tokens).hasSize(6);
    assertThat(tokenizer.offsets(tokens)).isEqualTo(new int[] {0, 1, 1, 1, 1, 2});
    assertThat(tokenizer.offsets()).isEmpty();
  }

  @Test
  void offsetsOfAnyTokensAgreeWithAPlainRestatement() {
    Random random = new Random(2);
    RandomTexts texts = new RandomTexts(3);
    for (int i = 0; i < 2_000; i++) {
      int[] tokens = tokenizer.encode(texts.next(12));
      // Tokens torn out of their text leave pieces of characters behind.
      if (i % 2 == 0) {
        tokens = random.ints(12, 0, tokens.length + 256).map(t -> t % 4096).toArray();
      }
      assertThat(tokenizer.offsets(tokens)).isEqualTo(plainOffsets(tokens));
    }
  }

  /** A token starts inside a character if the bytes decode differently when they are cut there. */
  private static int[] plainOffsets(int[] tokens) {
    StringBuilder joined = new StringBuilder();
    List<Integer> starts = new ArrayList<>();
    for (int token : tokens) {
      starts.add(joined.length());
      for (byte next : tokenizer.bytes(token)) {
        joined.append((char) (next & 0xff));
      }
    }
    String bytes = joined.toString();
    return starts.stream().mapToInt(start -> plainOffset(bytes, start)).toArray();
  }

  private static int plainOffset(String bytes, int start) {
    String whole = decode(bytes);
    String before = decode(bytes.substring(0, start));
    String after = decode(bytes.substring(start));
    int codePoints = before.codePointCount(0, before.length());
    return whole.equals(before + after) ? codePoints : codePoints - 1;
  }

  private static String decode(String latin1) {
    TextDecoder decoder = new TextDecoder();
    byte[] bytes = latin1.getBytes(ISO_8859_1);
    return decoder.append(bytes) + decoder.finish();
  }

  @Test
  void encodesConcurrently() throws Exception {
    RandomTexts texts = new RandomTexts(4);
    List<String> inputs = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      inputs.add(texts.next(40));
    }
    List<int[]> expected = inputs.stream().map(tokenizer::encode).toList();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<int[]>>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(threads.submit(() -> inputs.stream().map(tokenizer::encode).toList()));
      }
      for (Future<List<int[]>> result : results) {
        List<int[]> actual = result.get();
        for (int i = 0; i < expected.size(); i++) {
          assertThat(actual.get(i)).isEqualTo(expected.get(i));
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void failsAfterClose() {
    Gpt2Tokenizer closed = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    closed.close();
    closed.close();
    assertThatIllegalStateException().isThrownBy(() -> closed.encode("a"));
  }
}
