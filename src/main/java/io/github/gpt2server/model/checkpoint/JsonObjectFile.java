package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.files.RegularFile;
import io.github.gpt2server.files.UnusableFileException;
import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON file of a model folder that holds one object. Every method throws a {@link
 * ModelLoadException} that names the file and the field; a field that is null counts as absent.
 */
record JsonObjectFile(Path file, JsonNode node) {
  /** Above every configuration's and every index's; one of 10,000 tensors takes 1 MB. */
  private static final int MAX_BYTES = 1 << 24;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  static JsonObjectFile read(Path file) {
    JsonNode node;
    try {
      node = MAPPER.readTree(RegularFile.read(file, MAX_BYTES));
    } catch (UnusableFileException e) {
      throw new ModelLoadException(e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelLoadException(file + " cannot be read: " + e, e);
    } catch (JacksonException e) {
      String place =
          e.getLocation() == null || e.getLocation().getLineNr() < 1
              ? ""
              : " (line %d, column %d)"
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw new ModelLoadException(file + " cannot be read as JSON" + place, e);
    }
    if (!node.isObject()) {
      throw new ModelLoadException(file + " does not hold a JSON object");
    }
    return new JsonObjectFile(file, node);
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
