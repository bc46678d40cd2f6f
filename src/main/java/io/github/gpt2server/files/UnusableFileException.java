package io.github.gpt2server.files;

import java.io.IOException;

/** A file that is not read; the message is a sentence without its full stop. */
public final class UnusableFileException extends IOException {
  private static final long serialVersionUID = 1L;

  UnusableFileException(String message) {
    super(message);
  }

  UnusableFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
