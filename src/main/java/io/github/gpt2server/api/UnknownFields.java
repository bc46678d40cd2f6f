package io.github.gpt2server.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;

/**
 * The fields of one body that its endpoint does not know. They are collected while the body is read
 * and judged afterwards, when all of it is known: a misspelt name is none beside the field meant.
 */
final class UnknownFields {
  /**
   * How many names that no table has are looked at. It bounds the work: a body can hold hundreds of
   * thousands of them.
   */
  private static final int MAX_STRANGERS = 16;

  private final List<Field> fields = new ArrayList<>();
  private int strangers;

  /** A field, the record that it was sent for, and its value; null where that does not matter. */
  private record Field(Object owner, String name, FieldRule rule, JsonNode value) {

    RequestFields others() {
      return new RequestFields(owner.getClass(), owner);
    }
  }

  /** Takes a field, at whose value the parser is, and goes to the end of the value. */
  void take(Object owner, String name, JsonParser parser, DeserializationContext context) {
    FieldRule rule = FieldTable.INSTANCE.of(owner.getClass()).named(name);
    if (rule == null && strangers++ >= MAX_STRANGERS) {
      parser.skipChildren();
    } else if (rule != null && rule.harmless()) {
      parser.skipChildren();
      fields.add(new Field(owner, name, rule, null));
    } else {
      fields.add(new Field(owner, name, rule, context.readTree(parser)));
    }
  }

  /**
   * Judges what was taken.
   *
   * @param refuseAll whether no unknown field is let pass
   * @throws ApiException 400, for the first field that is refused
   */
  void check(Object request, boolean refuseAll) {
    for (Field field : fields) {
      Optional<String> refusal = refusal(field);
      if (refusal.isEmpty() && refuseAll) {
        refusal = Optional.of(unknown(field));
      }
      if (refusal.isPresent()) {
        List<String> path =
            new ArrayList<>(new RequestFields(request.getClass(), request).pathTo(field.owner()));
        path.add(Excerpt.of(field.name()));
        String param = String.join(".", path);
        throw ApiException.invalid(param, param + " " + refusal.get());
      }
    }
  }

  private static Optional<String> refusal(Field field) {
    FieldRule rule = field.rule();
    if (rule == null) {
      rule = FieldTable.INSTANCE.of(field.owner().getClass()).spelledLike(field.name());
    }
    if (rule != null) {
      return rule.refusal(field.value(), field.others());
    }
    String meant = NearMiss.nearest(field.name(), field.others().names());
    return meant == null || field.others().has(meant)
        ? Optional.empty()
        : Optional.of("is not a field of this endpoint; did you mean '" + meant + "'?");
  }

  private static String unknown(Field field) {
    return "is not a field of this endpoint, and this server refuses unknown fields; it knows "
        + String.join(", ", field.others().names().stream().sorted().toList())
        + ".";
  }
}
