package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.files.JsonObjects;
import io.github.gpt2server.files.UnusableFileException;
import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A JSON file of a model folder that holds one object. Every method throws a {@link
 * ModelLoadException} that names the file and the field; a field that is null counts as absent.
 */
record JsonObjectFile(Path file, JsonNode node) {
  /** Above every configuration's and every index's; one of 10,000 tensors takes 1 MB. */
  private static final int MAX_BYTES = 1 << 24;

  static JsonObjectFile read(Path file) {
    try {
      return new JsonObjectFile(file, JsonObjects.read(file, MAX_BYTES));
    } catch (UnusableFileException e) {
      throw new ModelLoadException(e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelLoadException(file + " cannot be read: " + e, e);
    }
  }

  /** The field's value, if it is there and not null. */
  Optional<JsonNode> value(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** A whole number from 1 to {@code max}. */
  Optional<Integer> positiveInt(String field, int max) {
    Optional<JsonNode> value = value(field);
    value.ifPresent(
        v -> {
          if (!v.isIntegralNumber()
              || !v.canConvertToInt()
              || v.intValue() < 1
              || v.intValue() > max) {
            throw wrong(field, v, "a whole number from 1 to " + max);
          }
        });
    return value.map(JsonNode::intValue);
  }

  boolean flag(String field, boolean absent) {
    Optional<JsonNode> value = value(field);
    value.ifPresent(
        v -> {
          if (!v.isBoolean()) {
            throw wrong(field, v, "true or false");
          }
        });
    return value.map(JsonNode::booleanValue).orElse(absent);
  }

  Optional<String> text(String field) {
    Optional<JsonNode> value = value(field);
    value.ifPresent(
        v -> {
          if (!v.isString()) {
            throw wrong(field, v, "a string");
          }
        });
    return value.map(JsonNode::stringValue);
  }

  ModelLoadException wrong(String field, JsonNode value, String expected) {
    return new ModelLoadException(
        "%s has %s %s, but it must be %s"
            .formatted(file, field, MessageText.shorten(value.toString()), expected));
  }
}
