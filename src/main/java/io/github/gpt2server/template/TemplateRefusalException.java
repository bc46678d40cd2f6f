package io.github.gpt2server.template;

/** The call of {@code raise_exception} by a template that does not accept its messages. */
public final class TemplateRefusalException extends TemplateException {

  TemplateRefusalException(String message) {
    super(message);
  }
}
