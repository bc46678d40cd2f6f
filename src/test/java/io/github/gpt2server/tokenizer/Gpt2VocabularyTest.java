package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer with GPT-2's own vocabulary, against jtokkit, which shares no code with it. */
class Gpt2VocabularyTest {

  private static final int END_OF_TEXT = 50256;

  private static final String END_OF_TEXT_WRITTEN = "<|endoftext|>";

  private static final Encoding JTOKKIT =
      Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);

  /** First and last code points of blocks that have been full, or nearly, for many years. */
  private static final int[][] BLOCKS = {
    {0x20, 0x7e},
    {0xa0, 0x24f},
    {0x300, 0x36f},
    {0x391, 0x3c9},
    {0x400, 0x4ff},
    {0x5d0, 0x5ea},
    {0x620, 0x64a},
    {0x660, 0x669},
    {0x905, 0x939},
    {0xe01, 0xe3a},
    {0x1e00, 0x1eff},
    {0x2000, 0x200a},
    {0x2010, 0x2027},
    {0x2190, 0x21ff},
    {0x2460, 0x24ff},
    {0x3041, 0x3096},
    {0x30a1, 0x30fa},
    {0x4e00, 0x9fa5},
    {0xac00, 0xd7a3},
    {0xff01, 0xff5e},
    {0x1d400, 0x1d454},
    {0x1f300, 0x1f5ff},
    {0x1f600, 0x1f64f},
    {0x20000, 0x2a6d6}
  };

  private static final List<String> AWKWARD =
      List.of(
          "'s",
          "'t",
          "'re",
          "'ve",
          "'m",
          "'ll",
          "'d",
          "'S",
          "'LL",
          "don't",
          "’s",
          " ",
          "  ",
          "    ",
          "\t",
          "\n",
          "\r\n",
          "\n\n\n",
          "\u00a0",
          "\u2003",
          "\u3000",
          "\u0085",
          "\u200b",
          "\ufeff",
          "\0",
          "\u001b[0m",
          "123",
          "3.14",
          "1e-5",
          "_",
          "__init__",
          "->",
          "!=",
          "...",
          "👨‍👩‍👧‍👦",
          "🇩🇪",
          "👍🏽",
          "❤️",
          "e\u0301",
          "Straße",
          "SolidGoldMagikarp",
          " rawdownload",
          "https://",
          "<|endoftext",
          "|>",
          "ÃÂÃÂ",
          "\ufffd");

  @TempDir static Path folder;

  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    Gpt2Vocabulary.write(folder);
    tokenizer = Gpt2Tokenizer.load(folder);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void theMergesAreThoseThatOpenAiPublished() throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(Files.readAllBytes(folder.resolve("merges.txt")));
    assertThat(HexFormat.of().formatHex(digest))
        .isEqualTo("1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5");
    assertThat(tokenizer.vocabSize()).isEqualTo(50257);
    assertThat(tokenizer.endOfText()).hasValue(END_OF_TEXT);
  }

  @Test
  void knownTextsHaveTheirKnownIds() {
    assertThat(tokenizer.encode("Hello world")).containsExactly(15496, 995);
    assertThat(tokenizer.encode("Hello, my dog is cute"))
        .containsExactly(15496, 11, 616, 3290, 318, 13779);
    assertThat(tokenizer.encode(" SolidGoldMagikarp")).containsExactly(43453);
    assertThat(tokenizer.encode("\n\n")).containsExactly(628);
    assertThat(tokenizer.encode("a" + END_OF_TEXT_WRITTEN + END_OF_TEXT_WRITTEN + " b"))
        .containsExactly(64, END_OF_TEXT, END_OF_TEXT, 275);
  }

  @Test
  void randomTextsHaveTheIdsThatJtokkitGivesThem() {
    Random random = new Random(8);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int pieces = random.nextInt(40); pieces > 0; pieces--) {
        switch (random.nextInt(6)) {
          case 0 -> text.append(AWKWARD.get(random.nextInt(AWKWARD.size())));
          case 1 -> text.append(" ".repeat(random.nextInt(20)));
          case 2 -> text.append(word(random));
          case 3 -> text.append(' ').append(word(random));
          case 4 -> text.append(random.nextInt(100_000));
          default -> text.appendCodePoint(codePoint(random));
        }
        if (random.nextInt(50) == 0) {
          text.append(END_OF_TEXT_WRITTEN);
        }
      }
      assertSame(text.toString());
    }
  }

  @Test
  void everyByteAndEveryTokenHasTheIdThatJtokkitGivesIt() {
    for (int value = 0; value < 256; value++) {
      assertSame(String.valueOf((char) value));
      assertSame("a" + (char) value + (char) value + " " + (char) value + "b");
    }
    for (int token = 0; token < END_OF_TEXT; token++) {
      assertThat(tokenizer.bytes(token)).isEqualTo(JTOKKIT.decodeBytes(list(token)));
      String text = tokenizer.decode(token);
      if (!text.contains("\ufffd")) {
        assertSame(text);
      }
    }
  }

  @Test
  void programsAndLongTextsHaveTheIdsThatJtokkitGivesThem() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String folder : List.of("src/main", "src/test/java", "src/bench/java")) {
      try (Stream<Path> files = Files.walk(Path.of(folder))) {
        for (Path file :
            files.filter(f -> f.toString().matches(".*\\.(java|py|js|css|html)")).toList()) {
          all.append(Files.readString(file));
        }
      }
    }
    assertThat(all.length()).isGreaterThan(500_000);
    assertSame(all.toString());
    assertSame(" ".repeat(5_000) + "x" + "\n".repeat(5_000) + "\t".repeat(999));
  }

  private static String word(Random random) {
    int length = 1 + random.nextInt(9);
    return random
        .ints(length, 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static int codePoint(Random random) {
    int[] block = BLOCKS[random.nextInt(BLOCKS.length)];
    int codePoint;
    do {
      codePoint = block[0] + random.nextInt(block[1] - block[0] + 1);
    } while (!Character.isDefined(codePoint));
    return codePoint;
  }

  /** Both give the same ids, and ours give the text back. */
  private static void assertSame(String text) {
    int[] tokens = tokenizer.encode(text);
    // Messages of the size of the text are worth their cost only where the two differ.
    if (!Arrays.equals(tokens, jtokkit(text)) || !tokenizer.decode(tokens).equals(text)) {
      assertThat(tokens).as(text).isEqualTo(jtokkit(text));
      assertThat(tokenizer.decode(tokens)).isEqualTo(text);
    }
  }

  /** To jtokkit end-of-text is no token. */
  private static int[] jtokkit(String text) {
    List<Integer> tokens = new ArrayList<>();
    String[] parts = text.split("<\\|endoftext\\|>", -1);
    for (int i = 0; i < parts.length; i++) {
      if (i > 0) {
        tokens.add(END_OF_TEXT);
      }
      tokens.addAll(JTOKKIT.encodeOrdinary(parts[i]).boxed());
    }
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  private static IntArrayList list(int token) {
    IntArrayList list = new IntArrayList();
    list.add(token);
    return list;
  }
}
