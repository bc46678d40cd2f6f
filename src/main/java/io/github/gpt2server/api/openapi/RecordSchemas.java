package io.github.gpt2server.api.openapi;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.limit.RequestLimits;
import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.util.Json;
import io.swagger.v3.core.util.RefUtils;
import io.swagger.v3.oas.models.media.Schema;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/**
 * Schemas that show which fields are always there and which may be null: derived from the records
 * as Jackson reads them, so that the document cannot say otherwise. A field of a request may be
 * null, for null means absent, unless it is marked as required, and shows its limits. A field of an
 * answer is required, unless it is left out when it is null; whether it may be null is for its own
 * {@link io.swagger.v3.oas.annotations.media.Schema} to say.
 */
@Component
final class RecordSchemas implements ModelConverter {
  private static final String OURS = "io.github.gpt2server";

  private final ApiLimits limits;
  private final ServedModelHolder holder;

  /** Shows these limits of requests, and those that the served model sets. */
  RecordSchemas(ApiLimits limits, ServedModelHolder holder) {
    this.limits = limits;
    this.holder = holder;
  }

  /** The sizes that limits depend on; as long as no model is served, none of its vocabulary. */
  private RequestSizes sizes() {
    return new RequestSizes(
        holder.get().map(ServedModel::vocabSize).orElse(0), limits.maxSequences());
  }

  @Override
  public Schema<?> resolve(
      AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
    Schema<?> schema = chain.hasNext() ? chain.next().resolve(type, context, chain) : null;
    Class<?> raw = Json.mapper().constructType(type.getType()).getRawClass();
    if (schema == null || !raw.isRecord() || !raw.getPackageName().startsWith(OURS)) {
      return schema;
    }
    Schema<?> model =
        schema.get$ref() == null ? schema : context.getDefinedModels().get(name(schema.get$ref()));
    if (model != null && model.getProperties() != null) {
      describe(raw, model);
    }
    return schema;
  }

  private static String name(String ref) {
    return (String) RefUtils.extractSimpleName(ref).getLeft();
  }

  private void describe(Class<?> type, Schema<?> model) {
    boolean request = isRequest(type);
    RequestLimits.fields(type)
        .keySet()
        .forEach(
            field ->
                LimitSchemas.describe(
                    model.getProperties().get(field), RequestLimits.of(type, field, sizes())));
    List<String> required = new ArrayList<>();
    (request ? fields(type) : Stream.of(type.getRecordComponents()))
        .forEach(
            component -> {
              JsonProperty property = component.getAccessor().getAnnotation(JsonProperty.class);
              if (property == null) {
                return;
              }
              if (request ? marked(component.getAccessor()) : alwaysThere(type, component)) {
                required.add(property.value());
              } else if (request) {
                model.getProperties().get(property.value()).addType(NullableSchemas.NULL);
                readDefault(model.getProperties().get(property.value()));
              }
            });
    model.setRequired(required.isEmpty() ? null : required);
  }

  /** Makes a number of a default with a decimal point, which springdoc leaves a string. */
  private static void readDefault(Schema<?> property) {
    if (property.getDefault() instanceof String text && property.getTypes().contains("number")) {
      property.setDefault(new BigDecimal(text));
    }
  }

  /** The components of a request, those of its unwrapped components in their place. */
  private static Stream<RecordComponent> fields(Class<?> type) {
    return Stream.of(type.getRecordComponents())
        .flatMap(
            component ->
                component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)
                    ? fields(component.getType())
                    : Stream.of(component));
  }

  /** A request's body, or a part of one. */
  private static boolean isRequest(Class<?> type) {
    return JsonRequest.class.isAssignableFrom(type)
        || type.isAnnotationPresent(FieldSection.class)
        || (type.isMemberClass() && JsonRequest.class.isAssignableFrom(type.getDeclaringClass()));
  }

  private static boolean alwaysThere(Class<?> type, RecordComponent component) {
    Method accessor = component.getAccessor();
    return component.getType().isPrimitive()
        || marked(accessor)
        || (!leavesNullsOut(accessor.getAnnotation(JsonInclude.class))
            && !leavesNullsOut(type.getAnnotation(JsonInclude.class)));
  }

  private static boolean leavesNullsOut(JsonInclude include) {
    return include != null && include.value() == JsonInclude.Include.NON_NULL;
  }

  private static boolean marked(Method accessor) {
    return Arrays.stream(
            accessor.getAnnotationsByType(io.swagger.v3.oas.annotations.media.Schema.class))
        .anyMatch(
            schema ->
                schema.requiredMode()
                    == io.swagger.v3.oas.annotations.media.Schema.RequiredMode.REQUIRED);
  }
}
