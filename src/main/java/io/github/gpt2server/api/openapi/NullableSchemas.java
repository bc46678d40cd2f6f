package io.github.gpt2server.api.openapi;

import io.swagger.v3.oas.models.media.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Null as JSON Schema has it. Next to a reference, an enumeration or alternatives, the type null
 * that swagger-core writes for nullable schemas demands null and what it stands beside at once,
 * which no value is; here it becomes one more alternative.
 */
final class NullableSchemas {
  static final String NULL = "null";

  private NullableSchemas() {}

  /** Corrects every schema of a map. */
  static <S extends Schema<?>> void correct(Map<String, S> schemas) {
    schemas.values().forEach(NullableSchemas::correct);
  }

  /** Corrects a schema and everything in it. */
  static void correct(Schema<?> schema) {
    if (schema == null) {
      return;
    }
    if (schema.getProperties() != null) {
      schema.getProperties().values().forEach(NullableSchemas::correct);
    }
    correct(schema.getItems());
    if (schema.getAdditionalProperties() instanceof Schema<?> values) {
      correct(values);
    }
    if (schema.getOneOf() != null) {
      schema.getOneOf().forEach(NullableSchemas::correct);
    }
    if (schema.getTypes() != null && schema.getTypes().contains(NULL)) {
      addNull(schema);
    }
  }

  private static void addNull(Schema<?> schema) {
    if (schema.get$ref() != null) {
      schema.addOneOfItem(new Schema<>().$ref(schema.get$ref()));
      schema.set$ref(null);
    }
    if (schema.getOneOf() != null) {
      schema.addOneOfItem(new Schema<>().typesItem(NULL));
      schema.setTypes(null);
    } else if (schema.getEnum() != null && !schema.getEnum().contains(null)) {
      addNullToEnum(schema);
    }
  }

  private static <T> void addNullToEnum(Schema<T> schema) {
    List<T> values = new ArrayList<>(schema.getEnum());
    values.add(null);
    schema.setEnum(values);
  }
}
