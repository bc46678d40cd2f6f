package io.github.gpt2server.api.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/** The fields of a request record under the names that clients know. */
final class RequestFields {
  private static final JsonMapper JSON = JsonMapper.shared();

  /** For each field the accessors that lead to it, one after the other. */
  private final Map<String, List<Method>> accessors = new LinkedHashMap<>();

  private final Object request;

  /**
   * Describes a request.
   *
   * @param type the record's type
   * @param request the record, or null for one without any field
   */
  RequestFields(Class<?> type, Object request) {
    this.request = request;
    add(type, List.of());
  }

  private void add(Class<?> type, List<Method> path) {
    for (RecordComponent component : type.getRecordComponents()) {
      Method accessor = component.getAccessor();
      List<Method> further = Stream.concat(path.stream(), Stream.of(accessor)).toList();
      if (accessor.isAnnotationPresent(JsonUnwrapped.class)) {
        add(component.getType(), further);
      } else {
        JsonProperty property = accessor.getAnnotation(JsonProperty.class);
        accessors.put(property == null ? component.getName() : property.value(), further);
      }
    }
  }

  /** All names, given or not, in the record's order. */
  Set<String> names() {
    return accessors.keySet();
  }

  /** Returns whether a field is given and not null. */
  boolean has(String name) {
    return value(name) != null;
  }

  /** The value of a field; JSON's null if it is not given. */
  JsonNode get(String name) {
    Object value = value(name);
    return value == null ? NullNode.getInstance() : JSON.valueToTree(value);
  }

  /** The names that lead from this request to a record in it; none to the request itself. */
  List<String> pathTo(Object record) {
    for (String name : names()) {
      Object value = value(name);
      if (value == record) {
        return List.of(name);
      }
      if (value instanceof List<?> list) {
        for (int i = 0; i < list.size(); i++) {
          if (list.get(i) == record) {
            return List.of(name + "[" + i + "]");
          }
        }
      }
    }
    return List.of();
  }

  private Object value(String name) {
    if (request == null || !accessors.containsKey(name)) {
      return null;
    }
    try {
      Object value = request;
      for (Method accessor : accessors.get(name)) {
        accessor.setAccessible(true);
        value = accessor.invoke(value);
      }
      return value instanceof JsonNode node && node.isNull() ? null : value;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
