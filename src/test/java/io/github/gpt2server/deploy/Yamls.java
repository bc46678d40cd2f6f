package io.github.gpt2server.deploy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML as maps and lists, and ways through it. */
final class Yamls {
  private Yamls() {}

  /** A parser that refuses a key which stands twice. */
  static Yaml strict() {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options));
  }

  /** One document that is a map. */
  static Map<String, Object> read(String text) {
    return map(strict().load(text));
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    return value == null ? List.of() : (List<Object>) value;
  }

  /** The value at a path such as {@code spec.ports.0.name}, or null. */
  static Object at(Object value, String path) {
    Object found = value;
    for (String step : path.split("\\.", -1)) {
      if (found instanceof List<?> items) {
        int index = Integer.parseInt(step);
        found = index < items.size() ? items.get(index) : null;
      } else {
        found = map(found).get(step);
      }
    }
    return found;
  }

  /**
   * All values that are neither maps nor lists, by their path; an item of a list has {@code []} in
   * it, so a path can have many values. Empty maps and lists count as values.
   */
  static Map<String, List<Object>> leaves(Object document) {
    Map<String, List<Object>> leaves = new TreeMap<>();
    collect("", document, leaves);
    return leaves;
  }

  private static void collect(String path, Object value, Map<String, List<Object>> leaves) {
    if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      map.forEach(
          (key, child) -> collect(path.isEmpty() ? "" + key : path + "." + key, child, leaves));
    } else if (value instanceof List<?> list && !list.isEmpty()) {
      list.forEach(item -> collect(path + "[]", item, leaves));
    } else {
      leaves.computeIfAbsent(path, p -> new ArrayList<>()).add(value);
    }
  }

  /** As Spring Boot reads an application.yaml: {@code a.b.c}, items of lists as {@code a[0]}. */
  static Map<String, Object> properties(Map<String, Object> document) {
    Map<String, Object> properties = new LinkedHashMap<>();
    flatten("", document, properties);
    return properties;
  }

  private static void flatten(String path, Object value, Map<String, Object> properties) {
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, child) -> flatten(path.isEmpty() ? "" + key : path + "." + key, child, properties));
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        flatten(path + "[" + i + "]", list.get(i), properties);
      }
    } else {
      properties.put(path, value);
    }
  }
}
