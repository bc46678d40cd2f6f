package io.github.gpt2server.tokenizer;

/** A tokenizer's files cannot be used; the message is one sentence that names file and problem. */
public final class TokenizerLoadException extends RuntimeException {

  TokenizerLoadException(String message) {
    super(message);
  }

  TokenizerLoadException(String message, Throwable cause) {
    super(message, cause);
  }
}
