package io.github.gpt2server.bench;

/** A peer cannot run here; the message says why in one sentence. */
final class PeerMissingException extends Exception {
  private static final long serialVersionUID = 1;

  PeerMissingException(String message) {
    super(message);
  }

  PeerMissingException(String message, Throwable cause) {
    super(message, cause);
  }
}
