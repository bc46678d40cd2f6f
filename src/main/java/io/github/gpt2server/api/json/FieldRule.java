package io.github.gpt2server.api.json;

import io.github.gpt2server.web.json.JsonKind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The treatment of a field that other servers have and this one does not.
 *
 * @param harmless whether it is ignored whatever its value
 * @param neutral values that ask for nothing
 * @param sameAs the field of this server that means the same, or null
 * @param beside other fields whose listed values make it ask for nothing; null stands for absent
 * @param unless another field whose presence makes it ask for nothing, or null
 * @param use the advice on what to do instead
 */
record FieldRule(
    boolean harmless,
    List<JsonNode> neutral,
    String sameAs,
    Map<String, List<JsonNode>> beside,
    String unless,
    String use) {

  static final FieldRule HARMLESS =
      new FieldRule(true, List.of(), null, Map.of(), null, "leave it out");

  /**
   * The rest of a sentence that begins with the field's name, if the field asks for something that
   * the request would not get.
   *
   * @param sent what the field holds; a part of it asks for something whatever it is
   * @param request the request's other fields
   */
  Optional<String> refusal(JsonTrees.Part sent, RequestFields request) {
    if (harmless || isGranted(request)) {
      return Optional.empty();
    }
    JsonNode value = sent.node();
    boolean asksForNothing = value.isNull() || holds(neutral, value) || isSame(value, request);
    if (sent.whole() && asksForNothing) {
      return Optional.empty();
    }
    return Optional.of("is " + JsonKind.of(value) + ", which is not supported here; " + use + ".");
  }

  private boolean isSame(JsonNode value, RequestFields request) {
    return sameAs != null && request.has(sameAs) && equal(request.get(sameAs), value);
  }

  private boolean isGranted(RequestFields request) {
    return (unless != null && request.has(unless))
        || beside.entrySet().stream()
            .anyMatch(other -> holds(other.getValue(), request.get(other.getKey())));
  }

  private static boolean holds(List<JsonNode> values, JsonNode value) {
    return values.stream().anyMatch(each -> equal(each, value));
  }

  /** Numbers are compared by their value: 1 is 1.0. */
  private static boolean equal(JsonNode a, JsonNode b) {
    if (a.isNumber() && b.isNumber()) {
      return a.doubleValue() == b.doubleValue();
    }
    if (a.isArray() && b.isArray() && a.size() == b.size()) {
      for (int i = 0; i < a.size(); i++) {
        if (!equal(a.get(i), b.get(i))) {
          return false;
        }
      }
      return true;
    }
    return a.equals(b);
  }
}
