package io.github.gpt2server.api.request;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;

/** A prompt in one of the forms in which it may be sent. */
public sealed interface Prompt {

  /** The JSON value that was sent. */
  @JsonValue
  Object value();

  /** Returns whether it is an array of prompts, even of one. */
  default boolean several() {
    return this instanceof Texts || this instanceof TokenLists;
  }

  /** One text. */
  record Text(String value) implements Prompt {}

  /** One list of token ids; an empty array is one too. */
  record Tokens(int[] value) implements Prompt {}

  /** An array of one or more texts. */
  record Texts(List<String> value) implements Prompt {}

  /** An array of one or more lists of token ids. */
  record TokenLists(List<int[]> value) implements Prompt {}
}
