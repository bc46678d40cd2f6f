package io.github.gpt2server.bench;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.Gpt2Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.util.FileSystemUtils;

/** The tokenizer with GPT-2's own vocabulary, on one thread: 100,000 characters of Java. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenizerBenchmark {
  private static final int CHARACTERS = 100_000;

  private Path folder;
  private Gpt2Tokenizer tokenizer;
  private String text;
  private int[] tokens;

  /** Loads the tokenizer and this project's sources. */
  @Setup
  public void load() throws IOException {
    folder = Files.createTempDirectory("gpt2-tokenizer");
    Gpt2Vocabulary.write(folder);
    tokenizer = Gpt2Tokenizer.load(folder);
    text = sources().substring(0, CHARACTERS);
    tokens = tokenizer.encode(text);
  }

  /** Deletes the vocabulary. */
  @TearDown
  public void close() throws IOException {
    tokenizer.close();
    FileSystemUtils.deleteRecursively(folder);
  }

  /** Text to tokens. */
  @Benchmark
  public int[] encode() {
    return tokenizer.encode(text);
  }

  /** Tokens to text. */
  @Benchmark
  public String decode() {
    return tokenizer.decode(tokens);
  }

  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
        all.append(Files.readString(file));
      }
    }
    return all.toString();
  }
}
