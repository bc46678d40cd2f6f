package io.github.gpt2server.engine.result;

/** Why a sequence is complete. */
public enum FinishReason {
  /** A stop token or a stop string was generated. */
  STOP,
  /** The number of tokens asked for was generated, or the context is full. */
  LENGTH
}
