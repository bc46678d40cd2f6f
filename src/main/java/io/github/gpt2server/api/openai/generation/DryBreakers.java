package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.sampling.SequenceBreakers;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads {@code dry_sequence_breakers}. */
final class DryBreakers {
  private static final String FIELD = "dry_sequence_breakers";

  /** llama.cpp's. */
  private static final List<String> DEFAULT = List.of("\n", ":", "\"", "*");

  private static final int MAX_CHARACTERS = 40;
  private static final int MAX_BREAKERS = 32;

  /** Largest number of tokens of a breaker after its first. */
  private static final int MAX_REST = 20;

  private DryBreakers() {}

  /**
   * The strings that a request names.
   *
   * @param sent an array of strings, the JSON of one as a string, or null
   * @throws ApiException 400, if it is anything else
   */
  static List<String> strings(JsonNode sent) {
    if (sent == null) {
      return DEFAULT;
    }
    JsonNode array = sent.isString() ? parsed(sent.stringValue()) : sent;
    if (!array.isArray()) {
      throw notStrings(sent);
    }
    if (array.size() > MAX_BREAKERS) {
      throw ApiException.invalid(
          FIELD,
          "%s may hold at most %d strings, but holds %d; send fewer."
              .formatted(FIELD, MAX_BREAKERS, array.size()));
    }
    List<String> strings = new ArrayList<>();
    for (JsonNode item : array.values()) {
      if (!item.isString()) {
        throw notStrings(item);
      }
      String string = item.stringValue();
      if (string.isEmpty() || string.length() > MAX_CHARACTERS) {
        throw ApiException.invalid(
            FIELD,
            "%s contains a string of %d characters, but each may have 1 to %d; send others."
                .formatted(FIELD, string.length(), MAX_CHARACTERS));
      }
      PromptReader.requireUnicode(FIELD, string);
      strings.add(string);
    }
    return strings;
  }

  private static JsonNode parsed(String json) {
    try {
      return JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw notStrings(JsonMapper.shared().getNodeFactory().stringNode(json));
    }
  }

  private static ApiException notStrings(JsonNode found) {
    return ApiException.invalid(
        FIELD,
        FIELD
            + " must be an array of strings, but contains "
            + Excerpt.of(found.toString())
            + "; send one, such as [\"\\n\", \":\"].");
  }

  /** The breakers for a tokenizer. */
  static SequenceBreakers of(List<String> strings, Gpt2Tokenizer tokenizer) {
    return new SequenceBreakers(
        strings.stream().map(string -> breaker(string, tokenizer)).toList(), tokenizer::bytes);
  }

  private static SequenceBreakers.Breaker breaker(String string, Gpt2Tokenizer tokenizer) {
    byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
    int[][] rests = new int[bytes.length][];
    // A token that ends inside a character is found in the breaker's own tokens alone.
    int[] own = tokenizer.encode(string);
    int end = tokenizer.bytes(own[0]).length;
    if (end < bytes.length) {
      rests[end] = Arrays.copyOfRange(own, 1, Math.min(own.length, 1 + MAX_REST));
    }
    for (int i = string.offsetByCodePoints(0, 1);
        i < string.length();
        i = string.offsetByCodePoints(i, 1)) {
      int[] rest = tokenizer.encode(string.substring(i));
      int at = string.substring(0, i).getBytes(StandardCharsets.UTF_8).length;
      rests[at] = Arrays.copyOf(rest, Math.min(rest.length, MAX_REST));
    }
    return new SequenceBreakers.Breaker(bytes, rests);
  }
}
