package io.github.gpt2server.template;

/** A template that cannot be read or rendered; the message is the reason, without a full stop. */
public class TemplateException extends RuntimeException {

  TemplateException(String message) {
    super(message, null, false, false);
  }
}
