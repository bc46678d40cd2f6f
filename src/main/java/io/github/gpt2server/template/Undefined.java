package io.github.gpt2server.template;

/**
 * The value of a name or member that does not exist: no text, false, without items, and an error
 * where anything else is done with it.
 *
 * @param problem the reason, as Jinja2 states it
 */
record Undefined(String problem) {

  TemplateException error() {
    return new TemplateException(problem);
  }
}
