package io.github.gpt2server.api.openapi;

import io.github.gpt2server.api.limit.FieldLimit;
import io.swagger.v3.core.util.AnnotationsUtils;
import io.swagger.v3.oas.models.media.Schema;
import java.util.Set;

/** Writes the limits of a request's fields into their schemas. */
final class LimitSchemas {
  private static final String ARRAY = "array";
  private static final String STRING = "string";

  private LimitSchemas() {}

  /** Adds the limits of one field, to each of the forms that it may have. */
  static void describe(Schema<?> schema, FieldLimit limit) {
    if (schema.getOneOf() != null) {
      // Forms of the same type are one object, whatever the field.
      schema.getOneOf().replaceAll(form -> AnnotationsUtils.clone(form, true));
      schema.getOneOf().forEach(form -> describe(form, limit));
    }
    if (schema.getAdditionalProperties() != null) {
      schema.setMaxProperties(positive(limit.items()));
    }
    if (is(schema, STRING)) {
      schema.setMaxLength(positive(limit.characters()));
    }
    if (is(schema, ARRAY)) {
      boolean tokens = is(schema.getItems(), "integer") && limit.tokens() > 0;
      schema.setMaxItems(positive(tokens ? limit.tokens() : limit.items()));
      describe(schema.getItems(), limit);
    }
  }

  private static boolean is(Schema<?> schema, String type) {
    Set<String> types = schema.getTypes();
    return type.equals(schema.getType()) || (types != null && types.contains(type));
  }

  private static Integer positive(int limit) {
    return limit > 0 ? limit : null;
  }
}
