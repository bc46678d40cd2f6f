package io.github.gpt2server.api.json;

import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.text.NearMiss;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonParser;

/**
 * The fields of one body that its endpoint does not know. They are collected while the body is read
 * and judged afterwards, when all of it is known: a misspelt name is none beside the field meant.
 */
final class UnknownFields {
  /** The number of unknown names that are looked at, which bounds the work. */
  private static final int MAX_STRANGERS = 16;

  /** The size up to which a value is read: none that is larger asks for nothing. */
  private static final FieldLimit LIMIT = new FieldLimit(100, 0, 100_000);

  private final List<Field> fields = new ArrayList<>();
  private int strangers;

  /** A field that was sent for a record; the value is null where it does not matter. */
  private record Field(Owner owner, String name, FieldRule rule, JsonTrees.Part value) {

    RequestFields others() {
      return new RequestFields(owner.type, owner.record);
    }
  }

  /** A record that is being read, for which fields are taken. */
  final class Owner {
    private final Class<?> type;
    private Object record;

    private Owner(Class<?> type) {
      this.type = type;
    }

    /** Takes a field, at whose value the parser is, and goes to the end of the value. */
    void take(String name, JsonParser parser) {
      FieldRule rule = FieldTable.INSTANCE.of(type).named(name);
      if (rule == null && strangers++ >= MAX_STRANGERS) {
        JsonTrees.skip(parser);
      } else if (rule != null && rule.harmless()) {
        JsonTrees.skip(parser);
        fields.add(new Field(this, name, rule, null));
      } else {
        fields.add(new Field(this, name, rule, JsonTrees.readPart(parser, LIMIT)));
      }
    }

    /** Ends with the record that was read. */
    void known(Object read) {
      record = read;
    }
  }

  /** Begins to read a record of this type. */
  Owner owner(Class<?> type) {
    return new Owner(type);
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
            new ArrayList<>(
                new RequestFields(request.getClass(), request).pathTo(field.owner().record));
        path.add(Excerpt.of(field.name()));
        String param = String.join(".", path);
        throw ApiException.invalid(param, param + " " + refusal.get());
      }
    }
  }

  private static Optional<String> refusal(Field field) {
    FieldRule rule = field.rule();
    if (rule == null) {
      rule = FieldTable.INSTANCE.of(field.owner().type).spelledLike(field.name());
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
