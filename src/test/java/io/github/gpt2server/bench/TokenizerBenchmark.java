package io.github.gpt2server.bench;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.Gpt2Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The speed of the tokenizer with GPT-2's own vocabulary, on one thread: rounds over one text, of
 * which the first ones warm up.
 */
public final class TokenizerBenchmark {
  private static final int WARM_UP_ROUNDS = 3;
  private static final int ROUNDS = 10;

  private TokenizerBenchmark() {}

  /** Takes a file in UTF-8; without one, encodes this project's sources. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("gpt2-tokenizer");
    try {
      Gpt2Vocabulary.write(folder);
      try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
        measure(tokenizer, args.length > 0 ? Files.readString(Path.of(args[0])) : sources());
      }
    } finally {
      Files.delete(folder.resolve("vocab.json"));
      Files.delete(folder.resolve("merges.txt"));
      Files.delete(folder);
    }
  }

  private static void measure(Gpt2Tokenizer tokenizer, String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    List<Double> encode = new ArrayList<>();
    List<Double> decode = new ArrayList<>();
    int[] tokens = {};
    for (int round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      long start = System.nanoTime();
      tokens = tokenizer.encode(text);
      long encoded = System.nanoTime();
      String decoded = tokenizer.decode(tokens);
      long end = System.nanoTime();
      if (!decoded.equals(text)) {
        throw new IllegalStateException("the text did not come back");
      }
      if (round >= WARM_UP_ROUNDS) {
        encode.add(bytes * 1e3 / (encoded - start));
        decode.add(bytes * 1e3 / (end - encoded));
      }
    }
    System.out.printf(
        "%.1f MB, %d tokens: encode %.1f MB/s, decode %.1f MB/s (medians of %d rounds)%n",
        bytes / 1e6, tokens.length, median(encode), median(decode), ROUNDS);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        all.append(Files.readString(file));
      }
    }
    return all.toString();
  }
}
