package io.github.gpt2server.deploy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.util.ModelMapper;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesObject;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares an object with Kubernetes' own types. An unknown or missing field is found by their
 * check; a number in quotation marks, or a bare one where a text belongs, by reading the object
 * into the type and writing it again.
 */
final class KubernetesTypes {
  private KubernetesTypes() {}

  /** Problems of an object; empty if its kind is not one of Kubernetes'. */
  static Optional<List<String>> problems(Manifest manifest) {
    Class<?> type = ModelMapper.getApiTypeClass(manifest.apiVersion(), manifest.kind());
    if (type == null || type == DynamicKubernetesObject.class) {
      return Optional.empty();
    }
    List<String> problems = new ArrayList<>();
    JsonElement json = JSON.getGson().toJsonTree(manifest.document());
    check(type, json).ifPresent(problems::add);
    if (problems.isEmpty()) {
      JsonElement again = JSON.getGson().toJsonTree(JSON.getGson().fromJson(json, type));
      compare(manifest.kind(), json, again, problems);
    }
    return Optional.of(problems);
  }

  private static Optional<String> check(Class<?> type, JsonElement json) {
    try {
      type.getMethod("validateJsonElement", JsonElement.class).invoke(null, json);
      return Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of(e.getCause().getMessage());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be checked", e);
    }
  }

  private static void compare(
      String path, JsonElement given, JsonElement read, List<String> problems) {
    if (given.isJsonObject()) {
      JsonObject fields = read != null && read.isJsonObject() ? read.getAsJsonObject() : null;
      for (Map.Entry<String, JsonElement> field : given.getAsJsonObject().entrySet()) {
        JsonElement other = fields == null ? null : fields.get(field.getKey());
        compare(path + "." + field.getKey(), field.getValue(), other, problems);
      }
    } else if (given.isJsonArray()) {
      for (int i = 0; i < given.getAsJsonArray().size(); i++) {
        compare(
            path + "." + i,
            given.getAsJsonArray().get(i),
            read != null && read.isJsonArray() ? read.getAsJsonArray().get(i) : null,
            problems);
      }
    } else if (!sameType(path, given, read)) {
      problems.add("%s is %s but Kubernetes reads %s".formatted(path, given, read));
    }
  }

  private static boolean sameType(String path, JsonElement given, JsonElement read) {
    if (!given.isJsonPrimitive() || read == null || !read.isJsonPrimitive()) {
      return false;
    }
    // A quantity may be a bare number.
    return (given.getAsJsonPrimitive().isNumber() == read.getAsJsonPrimitive().isNumber()
            || path.matches(".*\\.(requests|limits)\\..+"))
        && given.getAsJsonPrimitive().isBoolean() == read.getAsJsonPrimitive().isBoolean();
  }
}
