package io.github.gpt2server.api.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.api.limit.RequestLimits;
import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.FieldException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/**
 * Reads a request's record field by field as its JSON comes, each within its limit, so that nothing
 * is built of what is beyond it. The fields of a component that is unwrapped stand among those of
 * the record and have the record's limits; such a component is never null.
 *
 * @param <T> the record's type
 */
final class RecordReader<T> {
  private static final Map<Type, Values> SCALARS =
      Map.of(
          Integer.class,
          (parser, limit, reading) ->
              (int) JsonScalars.integer(parser, Integer.MIN_VALUE, Integer.MAX_VALUE),
          Long.class,
          (parser, limit, reading) -> JsonScalars.integer(parser, Long.MIN_VALUE, Long.MAX_VALUE),
          Double.class,
          (parser, limit, reading) -> JsonScalars.number(parser),
          Boolean.class,
          (parser, limit, reading) -> JsonScalars.bool(parser),
          String.class,
          (parser, limit, reading) -> JsonScalars.text(parser, limit.characters()),
          int[].class,
          (parser, limit, reading) -> JsonArrays.integers(parser, limit.tokens(), "token ids"),
          Prompt.class,
          (parser, limit, reading) -> JsonPrompts.read(parser, limit),
          JsonNode.class,
          (parser, limit, reading) -> JsonTrees.read(parser, limit));

  /** An entry of a map of numbers, as it is read and as it is checked. */
  private static final int ENTRY_BYTES = 300;

  /** An item of a list: a short text, or a node and what is in it. */
  private static final int ITEM_BYTES = 300;

  private final Class<T> type;
  private final Constructor<T> constructor;

  /** The fields of the record, and those of its unwrapped components, under their names. */
  private final Map<String, Field> fields = new HashMap<>();

  /** For each component of the record, how it is made of the values of all {@link #fields}. */
  private final List<Function<Object[], Object>> components = new ArrayList<>();

  /**
   * Prepares to read records of this type.
   *
   * @throws IllegalArgumentException if a component has a type that cannot be read
   */
  RecordReader(Class<T> type) {
    this.type = type;
    RecordComponent[] declared = type.getRecordComponents();
    try {
      constructor =
          type.getDeclaredConstructor(
              Arrays.stream(declared).map(RecordComponent::getType).toArray(Class[]::new));
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(e);
    }
    constructor.setAccessible(true);
    for (RecordComponent component : declared) {
      int index = fields.size();
      if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
        addUnwrapped(new RecordReader<>(component.getType()), index);
      } else {
        JsonProperty name = component.getAccessor().getAnnotation(JsonProperty.class);
        add(name.value(), new Field(index, values(component.getGenericType())));
        components.add(values -> values[index]);
      }
    }
  }

  private void add(String name, Field field) {
    if (fields.putIfAbsent(name, field) != null) {
      throw new IllegalArgumentException(type + " has two fields " + name);
    }
  }

  /** Adds a component whose fields stand among those of this record. */
  private void addUnwrapped(RecordReader<?> part, int first) {
    part.fields.forEach(
        (name, field) -> add(name, new Field(first + field.index(), field.values())));
    int end = fields.size();
    components.add(values -> part.create(Arrays.copyOfRange(values, first, end)));
  }

  /** Reads the value at the parser, which is not null, and leaves the parser at its end. */
  @FunctionalInterface
  private interface Values {
    Object read(JsonParser parser, FieldLimit limit, Reading reading);
  }

  private record Field(int index, Values values) {}

  /** The context in which a body is read. */
  record Reading(BoundedBody body, RequestSizes sizes, UnknownFields unknown) {}

  private static Values values(Type type) {
    Values scalar = SCALARS.get(type);
    if (scalar != null) {
      return scalar;
    }
    if (type instanceof Class<?> nested && nested.isRecord()) {
      RecordReader<?> reader = new RecordReader<>(nested);
      return (parser, limit, reading) -> reader.read(parser, reading);
    }
    if (type instanceof ParameterizedType generic) {
      Type raw = generic.getRawType();
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      if (raw == List.class && last == String.class) {
        return (parser, limit, reading) -> JsonArrays.texts(parser, limit);
      }
      if (raw == List.class && last instanceof Class<?> item && item.isRecord()) {
        RecordReader<?> reader = new RecordReader<>(item);
        return (parser, limit, reading) -> reader.readList(parser, limit, reading);
      }
      if (raw == List.class && last == JsonNode.class) {
        return (parser, limit, reading) -> nodes(parser, limit);
      }
      if (raw == List.class && last == Integer.class) {
        return (parser, limit, reading) -> numbers(parser, limit);
      }
      if (raw == Map.class && last == Double.class) {
        return (parser, limit, reading) -> JsonArrays.numbers(parser, limit);
      }
    }
    throw new IllegalArgumentException("no request has fields of the type " + type);
  }

  private static List<JsonNode> nodes(JsonParser parser, FieldLimit limit) {
    JsonArrays.requireArray(parser);
    return List.copyOf(JsonTrees.read(parser, limit).values());
  }

  private static List<Integer> numbers(JsonParser parser, FieldLimit limit) {
    return Arrays.stream(JsonArrays.integers(parser, limit.items(), "numbers")).boxed().toList();
  }

  /** The records of the array at the parser. */
  private List<T> readList(JsonParser parser, FieldLimit limit, Reading reading) {
    JsonArrays.requireArray(parser);
    List<T> records = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      FieldLimit.check(records.size() + 1, limit.items(), "items");
      try {
        records.add(read(parser, reading));
      } catch (FieldException e) {
        throw e.at(records.size());
      }
    }
    return records;
  }

  /**
   * The record at the parser.
   *
   * @param reading takes the fields that the record does not have, and the memory that is taken
   * @throws FieldException for the first field that is wrong
   * @throws ApiException 400, if there are too many fields
   */
  T read(JsonParser parser, Reading reading) {
    JsonArrays.requireObject(parser);
    Object[] values = new Object[fields.size()];
    UnknownFields.Owner owner = reading.unknown().owner(type);
    int count = 0;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonTrees.checkFields(++count);
      JsonToken token = parser.nextToken();
      Field field = fields.get(name);
      if (field == null) {
        owner.take(name, parser);
      } else if (token != JsonToken.VALUE_NULL) {
        values[field.index()] = value(name, field, parser, reading);
      }
    }
    T read = create(values);
    owner.known(read);
    return read;
  }

  private Object value(String name, Field field, JsonParser parser, Reading reading) {
    try {
      FieldLimit limit = RequestLimits.of(type, name, reading.sizes());
      Object value = field.values().read(parser, limit, reading);
      reading.body().reserveParts(bytes(value));
      return value;
    } catch (FieldException e) {
      throw e.in(name);
    }
  }

  /** The memory of the parts of a value, which the number of bytes sent does not bound. */
  private static long bytes(Object value) {
    if (value instanceof Map<?, ?> map) {
      return (long) map.size() * ENTRY_BYTES;
    }
    if (value instanceof List<?> list) {
      return (long) list.size() * ITEM_BYTES;
    }
    return value instanceof JsonNode node ? (long) node.size() * ITEM_BYTES : 0;
  }

  private T create(Object[] values) {
    try {
      return constructor.newInstance(
          components.stream().map(component -> component.apply(values)).toArray());
    } catch (InvocationTargetException | InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
