package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the JSON header of a safetensors file and checks that what it says is consistent: with
 * itself, and with the size of the data that follows. The rules are those of the format's reference
 * implementation: tensors lie without overlap and without holes, and cover the data to the last
 * byte.
 *
 * <p>The header is untrusted: it is read token by token, so that what it makes this class allocate
 * stays proportional to its own size.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
final class SafetensorsHeader {
  private static final JsonFactory JSON = new JsonFactory();

  /** The largest number of dimensions of a PyTorch tensor. */
  private static final int MAX_DIMENSIONS = 64;

  /** Sizes in bytes of the format's types; one that is not listed has its size taken on trust. */
  private static final Map<String, Integer> TYPE_BYTES =
      Map.ofEntries(
          Map.entry("F64", 8),
          Map.entry("F32", 4),
          Map.entry("F16", 2),
          Map.entry("BF16", 2),
          Map.entry("F8_E4M3", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("I64", 8),
          Map.entry("I32", 4),
          Map.entry("I16", 2),
          Map.entry("I8", 1),
          Map.entry("U64", 8),
          Map.entry("U32", 4),
          Map.entry("U16", 2),
          Map.entry("U8", 1),
          Map.entry("BOOL", 1));

  /**
   * One tensor of a file.
   *
   * @param dtype the type as the header names it, known or not
   * @param begin where it begins, in bytes from the start of the data
   * @param end where it ends, exclusive
   */
  record Entry(String name, String dtype, long[] shape, long begin, long end) {
    long bytes() {
      return end - begin;
    }
  }

  private final Path file;
  private final long dataBytes;

  private SafetensorsHeader(Path file, long dataBytes) {
    this.file = file;
    this.dataBytes = dataBytes;
  }

  /**
   * The tensors that a header lists, by name, in the header's order.
   *
   * @param file for messages
   * @param json the header, white space at its end allowed
   * @param dataBytes how many bytes follow the header in the file
   * @throws ModelLoadException if the header is not valid
   */
  static Map<String, Entry> parse(Path file, byte[] json, long dataBytes) {
    SafetensorsHeader header = new SafetensorsHeader(file, dataBytes);
    Map<String, Entry> entries;
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      entries = header.entries(parser);
    } catch (JacksonException e) {
      throw header.invalid("its header is not valid JSON", e);
    }
    header.checkLayout(entries);
    return entries;
  }

  private Map<String, Entry> entries(JsonParser parser) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw invalid("its header is not a JSON object");
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("__metadata__")) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        if (entries.put(name, entry(name, parser)) != null) {
          throw invalid(tensor(name) + " is listed twice");
        }
      } else {
        throw invalid(tensor(name) + " is not described by a JSON object");
      }
    }
    if (parser.nextToken() != null) {
      throw invalid("its header goes on after the JSON object");
    }
    return entries;
  }

  private Entry entry(String name, JsonParser parser) {
    Set<String> seen = new HashSet<>();
    String dtype = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      if (!seen.add(field)) {
        throw invalid("%s has %s twice".formatted(tensor(name), MessageText.shorten(field)));
      }
      JsonToken value = parser.nextToken();
      switch (field) {
        case "dtype" -> dtype = value == JsonToken.VALUE_STRING ? parser.getString() : null;
        case "shape" -> shape = numbers(name, field, parser, MAX_DIMENSIONS);
        case "data_offsets" -> offsets = numbers(name, field, parser, 2);
        default -> parser.skipChildren();
      }
      if (field.equals("dtype") && dtype == null) {
        throw invalid("dtype of " + tensor(name) + " is not a string");
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
      throw invalid(tensor(name) + " lacks its dtype, its shape or its two data_offsets");
    }
    Entry entry = new Entry(name, dtype, shape, offsets[0], offsets[1]);
    checkSize(entry);
    return entry;
  }

  private long[] numbers(String name, String field, JsonParser parser, int most) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw invalid(field + " of " + tensor(name) + " is not an array");
    }
    long[] numbers = new long[most];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (count == most) {
        throw invalid(field + " of " + tensor(name) + " has more than " + most + " numbers");
      }
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw invalid(
            "%s of %s holds %s, which is not a size"
                .formatted(field, tensor(name), MessageText.shorten(parser.getString())));
      }
      numbers[count++] = parser.getLongValue();
    }
    return Arrays.copyOf(numbers, count);
  }

  private void checkSize(Entry entry) {
    if (entry.begin() > entry.end()) {
      throw invalid(
          "%s ends at byte %d, before it begins at byte %d"
              .formatted(tensor(entry.name()), entry.end(), entry.begin()));
    }
    Integer typeBytes = TYPE_BYTES.get(entry.dtype());
    if (typeBytes == null) {
      return;
    }
    long expected = typeBytes;
    try {
      for (long dimension : entry.shape()) {
        expected = Math.multiplyExact(expected, dimension);
      }
    } catch (ArithmeticException e) {
      throw invalid(
          "%s of shape %s is larger than any file"
              .formatted(tensor(entry.name()), MessageText.shape(entry.shape())),
          e);
    }
    if (expected != entry.bytes()) {
      throw invalid(
          "%s of type %s and shape %s needs %d bytes, but its data_offsets span %d"
              .formatted(
                  tensor(entry.name()),
                  entry.dtype(),
                  MessageText.shape(entry.shape()),
                  expected,
                  entry.bytes()));
    }
  }

  private void checkLayout(Map<String, Entry> entries) {
    List<Entry> inOrder =
        entries.values().stream()
            .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
            .toList();
    long covered = 0;
    for (Entry entry : inOrder) {
      if (entry.end() > dataBytes) {
        throw new ModelLoadException(
            "%s is cut short: %s ends at byte %d of the data, but only %d bytes are there"
                .formatted(file, tensor(entry.name()), entry.end(), dataBytes));
      }
      if (entry.begin() < covered) {
        throw invalid(
            "%s begins at byte %d of the data, inside the tensor before it, which ends at byte %d"
                .formatted(tensor(entry.name()), entry.begin(), covered));
      }
      if (entry.begin() > covered) {
        throw hole(covered, entry.begin());
      }
      covered = entry.end();
    }
    if (covered < dataBytes) {
      throw hole(covered, dataBytes);
    }
  }

  private ModelLoadException hole(long begin, long end) {
    return invalid("bytes %d to %d of the data belong to no tensor".formatted(begin, end));
  }

  private static String tensor(String name) {
    return "tensor " + MessageText.shorten(name);
  }

  private ModelLoadException invalid(String reason) {
    return invalid(reason, null);
  }

  private ModelLoadException invalid(String reason, Throwable cause) {
    return new ModelLoadException(file + " is not a valid safetensors file: " + reason, cause);
  }
}
