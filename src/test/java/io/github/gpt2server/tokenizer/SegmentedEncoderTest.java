package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Long texts in segments, against the same library that reads them as a whole. */
class SegmentedEncoderTest {

  /** What rules of words are about, alone and in runs. */
  private static final List<String> PARTS =
      List.of(
          "a",
          "s",
          "t",
          "r",
          "e",
          "v",
          "l",
          "ll",
          "re",
          "ve",
          "m",
          "d",
          "S",
          "the",
          "king",
          "é",
          "ß",
          "Ω",
          "漢",
          "字",
          "ا",
          "ไ",
          "ー",
          "ª",
          "'",
          "'",
          "'",
          "''",
          "'s",
          "'t",
          "'re",
          "'ve",
          "'m",
          "'ll",
          "'d",
          "'l",
          "'r",
          "'v",
          "'x",
          "'1",
          "’",
          "0",
          "1",
          "7",
          "12",
          "٣",
          "५",
          "Ⅷ",
          "½",
          "²",
          "𝟘",
          " ",
          " ",
          " ",
          "  ",
          "   ",
          "\t",
          "\n",
          "\r",
          "\r\n",
          "\u000b",
          "\f",
          "\u001c",
          "\u001f",
          "\u0085",
          "\u00a0",
          "\u1680",
          "\u180e",
          "\u2003",
          "\u200b",
          "\u2028",
          "\u2029",
          "\u202f",
          "\u205f",
          "\u3000",
          "\ufeff",
          "\0",
          "\u007f",
          "!",
          "-",
          "--",
          "=",
          "_",
          ".",
          "...",
          "<",
          ">",
          "|",
          "<|",
          "|>",
          "🙂",
          "👍🏽",
          "👨‍👩‍👧",
          "🇩🇪",
          "\u0301",
          "\u0323",
          "e\u0301",
          "\u200d",
          "\ufe0f",
          "\u0378",
          "\u0e5c",
          "\ue000",
          "\uffff",
          "\udb40\udc01",
          "\ud83f\udfff",
          "\udbff\udfff",
          "\ufffd",
          "<|endoftext|>",
          "<|endoftext",
          "endoftext|>");

  @TempDir Path folder;

  @Test
  void whatIsThrownBetweenSegmentsEndsTheWork() {
    AtomicInteger read = new AtomicInteger();
    SegmentedEncoder encoder =
        new SegmentedEncoder(
            new SplitPoints(true, List.of()),
            text -> {
              read.incrementAndGet();
              return text.chars().toArray();
            },
            token -> 1,
            64,
            1024);
    AtomicInteger asked = new AtomicInteger();

    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                encoder.encode(
                    "a".repeat(10_000),
                    () -> {
                      if (asked.incrementAndGet() == 3) {
                        throw new IllegalStateException("enough");
                      }
                    }));
    assertThat(read).hasValue(3);
  }

  @Test
  void theEmbeddedTokenizerReadsSegmentsAsTheWhole() throws IOException {
    try (Encoders encoders = new Encoders(TokenizerDefinition.read(TokenizerFolder.EMBEDDED))) {
      assertThat(encoders.compare(new Random(1), PARTS, 1_500)).isGreaterThan(20_000);
    }
  }

  @Test
  void gpt2sOwnTokenizerReadsSegmentsAsTheWhole() throws IOException {
    Gpt2Vocabulary.write(folder);
    try (Encoders encoders = new Encoders(TokenizerDefinition.read(folder))) {
      assertThat(encoders.compare(new Random(2), PARTS, 1_500)).isGreaterThan(20_000);
    }
  }

  @Test
  void addedTokensAreFoundWhole() throws IOException {
    // The part of the last that a segment may end with is more tokens than segments overlap by.
    List<String> added =
        List.of(
            "abab",
            "ab",
            "ba'",
            "'s",
            " a ",
            "\n\n",
            "  ",
            "<|x|>",
            "|><|",
            "é漢",
            "🙂🙂",
            "11",
            "zq!xj9".repeat(6));
    List<String> parts = new ArrayList<>(added);
    parts.addAll(
        List.of("a", "b", "'", "s", " ", "\n", "<|", "x", "|>", "é", "漢", "🙂", "1", "re"));
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    for (int i = 0; i < added.size(); i++) {
      add(json, added.get(i), 4096 + i).put("normalized", i % 2 == 0);
    }
    try (Encoders encoders = encoders(json)) {
      assertThat(encoders.compare(new Random(3), parts, 1_500)).isGreaterThan(20_000);
    }
  }

  /** GPT-2 has a token for each contraction, so that no other ends inside one. */
  @Test
  void contractionsThatAreSeveralTokensAreNotCut() throws IOException {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.withObject("/model")
        .withArray("merges")
        .removeIf(merge -> merge.stringValue().replace(" ", "").matches(".*('|re|ve|ll).*"));
    try (Encoders encoders = encoders(json)) {
      List<String> parts =
          List.of(
              "'", "s", "'s", "t", "'re", "'r", "e", "'ve", "n", "'ll", "'l", "l", "a", "!", " ");
      assertThat(encoders.compare(new Random(5), parts, 1_500)).isGreaterThan(20_000);
    }
  }

  /** Each token can be made in two ways here, so that only words may be cut off. */
  @Test
  void mergesOutOfOrderAreCutBetweenWordsAlone() throws IOException {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    ArrayNode merges = json.withObject("/model").withArray("merges");
    ArrayNode reversed = JsonFile.array();
    for (int i = merges.size() - 1; i >= 0; i--) {
      reversed.add(merges.get(i));
    }
    json.withObject("/model").set("merges", reversed);
    try (Encoders encoders = encoders(json)) {
      List<String> parts =
          List.of("the ", "king ", "a", "b", "'s", " ", "  ", "\n", "1 ", "é", "! ");
      assertThat(encoders.compare(new Random(4), parts, 1_000)).isGreaterThan(10_000);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> encoders.segmented(64, 4_096).encode("a".repeat(10_000)))
          .withMessageContaining("more than 4096 bytes");
    }
  }

  @Test
  void runsOfEveryKindAreRead() throws IOException {
    Gpt2Vocabulary.write(folder);
    try (Encoders encoders = new Encoders(TokenizerDefinition.read(folder))) {
      for (String part : PARTS) {
        for (String text : List.of(part.repeat(3_000), "x" + part.repeat(2_999) + "y")) {
          encoders.assertSame(text, 256, 1 << 13);
        }
      }
      for (String parts :
          List.of("a'a'", "'a", "é's", "a \n", "1 ", "ab", "-=", "漢a", "<|endoftext|> ")) {
        encoders.assertSame(parts.repeat(3_000), 256, 1 << 13);
      }
    }
  }

  @Test
  void whatIsNotGpt2sIsReadAsAWhole() throws IOException {
    for (Consumer<ObjectNode> change : CHANGES) {
      ObjectNode json = TokenizerFolder.json("tokenizer.json");
      change.accept(json);
      assertThat(Gpt2Form.splitPoints(json)).isNull();
      try (Encoders encoders = encoders(json)) {
        String text = "Once upon a time ".repeat(10);
        assertThat(encoders.segmented(16, 1_000).encode(text)).isEqualTo(encoders.whole(text));
        assertThatIllegalArgumentException()
            .isThrownBy(() -> encoders.segmented(16, 169).encode(text))
            .withMessageContaining("the text has 170 bytes in UTF-8")
            .withMessageContaining("can read 169; send it in parts");
      }
    }
  }

  /** Each makes other words, or tokens that reach beyond their own text. */
  private static final List<Consumer<ObjectNode>> CHANGES =
      List.of(
          json -> json.withObject("/pre_tokenizer").put("add_prefix_space", true),
          json -> json.withObject("/pre_tokenizer").put("use_regex", false),
          json -> json.withObject("/normalizer").put("type", "Lowercase"),
          json -> add(json, "<x>", 4096).put("lstrip", true),
          json -> add(json, "<x>", 4096).put("rstrip", true),
          json -> add(json, "<x>", 4096).put("single_word", true));

  private static ObjectNode add(ObjectNode json, String content, int id) {
    json.withObject("/model").withObject("vocab").put(content, id);
    return json.withArray("/added_tokens")
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", false);
  }

  private Encoders encoders(ObjectNode json) throws IOException {
    new TokenizerFolder(folder).write("tokenizer.json", json.toString());
    return new Encoders(TokenizerDefinition.read(folder));
  }

  /** One tokenizer, with segments of several sizes and without. */
  private static final class Encoders implements AutoCloseable {
    private final BpeLibrary library;
    private final Vocabulary vocabulary;
    private final SplitPoints splitPoints;
    private final AtomicInteger reads = new AtomicInteger();

    Encoders(TokenizerDefinition definition) throws IOException {
      library = new BpeLibrary(JsonFile.write(definition.json()), 1);
      vocabulary = new Vocabulary(definition.tokens(), definition.addedTokens(), definition.size());
      splitPoints = Gpt2Form.splitPoints(definition.json());
    }

    int[] whole(String text) {
      return library.encode(text);
    }

    SegmentedEncoder segmented(int segment, int longest) {
      return new SegmentedEncoder(
          splitPoints,
          part -> {
            reads.incrementAndGet();
            return library.encode(part);
          },
          vocabulary::length,
          segment,
          longest);
    }

    void assertSame(String text, int segment, int longest) {
      int[] ids = segmented(segment, longest).encode(text);
      // Messages of the size of the text are worth their cost only where the two differ.
      if (!Arrays.equals(ids, whole(text))) {
        assertThat(ids).as(text).isEqualTo(whole(text));
      }
    }

    /**
     * Compares random texts of these parts.
     *
     * @return the number of segments that were read
     */
    int compare(Random random, List<String> parts, int texts) {
      for (int i = 0; i < texts; i++) {
        // Few kinds of parts make runs.
        int kinds = 1 + random.nextInt(random.nextBoolean() ? 3 : parts.size());
        int first = random.nextInt(parts.size());
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(300); n > 0; n--) {
          String part = parts.get((first + random.nextInt(kinds) * 7) % parts.size());
          text.append(part.repeat(random.nextInt(12) == 0 ? random.nextInt(20) : 1));
        }
        assertSame(text.toString(), 4 + random.nextInt(30), Integer.MAX_VALUE);
      }
      return reads.get();
    }

    @Override
    public void close() {
      library.close();
    }
  }
}
