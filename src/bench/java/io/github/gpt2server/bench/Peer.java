package io.github.gpt2server.bench;

import java.nio.file.Path;

/** Another implementation that runs the same weights, without HTTP, to compare with. */
interface Peer extends AutoCloseable {

  /** What heads its columns. */
  String label();

  /** What it is and of which version. */
  String name();

  /**
   * Runs prompts and decodes greedily, all streams in each step.
   *
   * @param file the weights as GGUF
   */
  Speed run(Path file, int streams, int promptTokens, int newTokens);

  @Override
  void close();

  /**
   * What one run took.
   *
   * @param tokensPerSecond of all streams together, after the prompts
   * @param promptMillis from the start to the logits after the prompts, in milliseconds
   */
  record Speed(double tokensPerSecond, double promptMillis) {}
}
