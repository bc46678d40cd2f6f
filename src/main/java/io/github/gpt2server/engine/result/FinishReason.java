package io.github.gpt2server.engine.result;

/** The reason why a sequence is complete. */
public enum FinishReason {
  /** A stop token or a stop string was generated. */
  STOP,
  /** The requested number of tokens was generated, or the context is full. */
  LENGTH
}
