package io.github.gpt2server.template;

/** Python's {@code None}, which JSON's null becomes. */
enum None {
  NONE
}
