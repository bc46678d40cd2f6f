package io.github.gpt2server.deploy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One object that the chart renders.
 *
 * @param document the object as YAML has it: maps, lists, texts, numbers, booleans
 */
record Manifest(Map<String, Object> document) {

  String apiVersion() {
    return text("apiVersion");
  }

  String kind() {
    return text("kind");
  }

  String name() {
    return text("metadata.name");
  }

  /** Kind and name, to speak of it. */
  String title() {
    return kind() + " " + name();
  }

  /** The text at a path such as {@code metadata.name}. */
  String text(String path) {
    return (String) at(path);
  }

  /** The map at a path, empty if there is none. */
  Map<String, Object> map(String path) {
    return Yamls.map(at(path));
  }

  /** The list at a path, empty if there is none. */
  List<Object> list(String path) {
    return Yamls.list(at(path));
  }

  /** The value at a path such as {@code spec.ports.0.name}, or null. */
  Object at(String path) {
    return Yamls.at(document, path);
  }

  /** The template of the pods that this object makes, or the object itself if it is a pod. */
  Stream<Map<String, Object>> pods() {
    return switch (kind()) {
      case "Pod" -> Stream.of(document);
      case "Deployment", "Job" -> Stream.of(map("spec.template"));
      default -> Stream.empty();
    };
  }
}
