package io.github.gpt2server.boot.settings;

/** A setting has a value that is not allowed; the message is one sentence for people. */
public class InvalidSettingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private InvalidSettingException(String sentence) {
    super(sentence);
  }

  /** Names the property, its value and what is allowed. */
  public InvalidSettingException(String property, String value, String allowed) {
    this(property + "=" + value + " is not allowed: use " + allowed + ".");
  }

  /** What is wrong, in a whole sentence. */
  static InvalidSettingException of(String sentence) {
    return new InvalidSettingException(sentence);
  }
}
