package io.github.gpt2server.api.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/** The fields of a request record under the names that clients know. */
final class RequestFields {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Map<String, Method> accessors = new LinkedHashMap<>();
  private final Object request;

  /**
   * Describes a request.
   *
   * @param type the record's type
   * @param request the record, or null for one without any field
   */
  RequestFields(Class<?> type, Object request) {
    this.request = request;
    for (RecordComponent component : type.getRecordComponents()) {
      Method accessor = component.getAccessor();
      JsonProperty property = accessor.getAnnotation(JsonProperty.class);
      accessors.put(property == null ? component.getName() : property.value(), accessor);
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
    Method accessor = accessors.get(name);
    if (accessor == null || request == null) {
      return null;
    }
    try {
      accessor.setAccessible(true);
      Object value = accessor.invoke(request);
      return value instanceof JsonNode node && node.isNull() ? null : value;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
