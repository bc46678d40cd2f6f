package io.github.gpt2server.boot.settings;

import io.github.gpt2server.text.EditDistance;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;

/**
 * The settings of Spring Boot and other libraries, from the metadata that their jars hold.
 *
 * @see <a href="https://docs.spring.io/spring-boot/specification/configuration-metadata/">the
 *     format</a>
 */
final class SpringSettings {
  private static final List<String> FILES =
      List.of(
          "META-INF/spring-configuration-metadata.json",
          "META-INF/additional-spring-configuration-metadata.json");

  private static final int NEAR = 2;

  /** Settings whose entries have names of their own, such as {@code logging.level.root}. */
  private static final Set<String> HOLDERS =
      Set.of(
          "info",
          "logging.group",
          "logging.level",
          "management.metrics.tags",
          "management.observations.key-values");

  private final Supplier<List<String>> source;

  /** The files' contents, read when the first name is looked up. */
  private List<String> files;

  /** The settings that the jars describe. */
  SpringSettings() {
    this(SpringSettings::read);
  }

  /**
   * Creates the settings described by other files.
   *
   * @param source gives the files' contents
   */
  SpringSettings(Supplier<List<String>> source) {
    this.source = source;
  }

  /**
   * The setting that a misspelt name is a near miss of; empty for a right name and a strange one.
   */
  Optional<String> meant(String name) {
    // The files need not be read for these, which no file names.
    if (HOLDERS.stream().anyMatch(holder -> name.startsWith(holder + "."))) {
      return Optional.empty();
    }
    if (files == null) {
      files = source.get();
    }
    // Most names are right, and a search takes a tenth of the time that it takes to read the files.
    if (files.stream().anyMatch(file -> file.contains("\"name\": \"" + name + "\""))) {
      return Optional.empty();
    }
    List<String> names = files.stream().flatMap(file -> names(file).stream()).toList();
    String given = uniform(name);
    if (names.stream().anyMatch(known -> isOrHolds(uniform(known), given))) {
      return Optional.empty();
    }
    return nearest(names, given)
        .or(() -> nearest(names, given.replaceFirst("\\.[^.]*$", "")).filter(HOLDERS::contains));
  }

  private static Optional<String> nearest(List<String> names, String given) {
    return names.stream()
        .filter(known -> EditDistance.between(uniform(known), given) <= NEAR)
        .min(Comparator.comparingInt(known -> EditDistance.between(uniform(known), given)));
  }

  /**
   * Returns whether it is the setting itself or, as in {@code logging.level.root}, an entry of it.
   */
  private static boolean isOrHolds(String known, String given) {
    return given.equals(known) || given.startsWith(known + ".") || given.startsWith(known + "[");
  }

  private static String uniform(String name) {
    return name.replace("-", "").toLowerCase(Locale.ROOT);
  }

  /** Reads a file, in which those of several libraries may follow each other. */
  private static List<String> names(String file) {
    List<String> names = new ArrayList<>();
    try (MappingIterator<JsonNode> libraries =
        JsonMapper.shared().readerFor(JsonNode.class).readValues(file)) {
      while (libraries.hasNext()) {
        for (JsonNode property : libraries.next().path("properties")) {
          // logging.file has become logging.file.name and is no group of settings.
          if (!property.has("deprecation")) {
            names.add(property.path("name").asString(""));
          }
        }
      }
    }
    return names;
  }

  private static List<String> read() {
    List<String> read = new ArrayList<>();
    ClassLoader jars = SpringSettings.class.getClassLoader();
    try {
      for (String name : FILES) {
        for (URL file : Collections.list(jars.getResources(name))) {
          URLConnection connection = file.openConnection();
          connection.setUseCaches(false);
          try (InputStream in = connection.getInputStream()) {
            read.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }
}
