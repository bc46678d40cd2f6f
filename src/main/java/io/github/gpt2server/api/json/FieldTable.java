package io.github.gpt2server.api.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.text.NearMiss;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The rules of {@code api/fields.yaml} for the fields that clients of other servers send. */
final class FieldTable {
  static final FieldTable INSTANCE = load();

  private static final String COMMON = "common";

  private final Map<String, Section> sections;
  private final Map<String, Rules> rules = new HashMap<>();

  private FieldTable(Map<String, Section> sections) {
    this.sections = sections;
    sections.keySet().forEach(name -> rules.put(name, rules(name)));
  }

  /** The rules for the fields of a request that its record does not have. */
  Rules of(Class<?> request) {
    FieldSection section = request.getAnnotation(FieldSection.class);
    return rules.get(section == null ? COMMON : section.value());
  }

  /** The sections as they are written, by their names. */
  Map<String, Section> sections() {
    return sections;
  }

  private Rules rules(String name) {
    Section section = sections.get(name);
    Map<String, FieldRule> exact = new HashMap<>(sections.get(COMMON).rules());
    if (section.like() != null) {
      exact.putAll(sections.get(section.like()).rules());
    }
    exact.putAll(section.rules());
    section.supportedNames().forEach(exact::remove);
    Map<String, FieldRule> spelled = new HashMap<>();
    exact.forEach((field, rule) -> spelled.put(NearMiss.letters(field), rule));
    return new Rules(exact, spelled);
  }

  private static FieldTable load() {
    JsonMapper mapper =
        JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
    Map<String, Section> sections = new HashMap<>();
    try (InputStream in = FieldTable.class.getResourceAsStream("/api/fields.yaml")) {
      Map<String, Object> yaml = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      yaml.forEach(
          (name, section) -> sections.put(name, mapper.convertValue(section, Section.class)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new FieldTable(sections);
  }

  /** Rules by the names of the fields, and by their letters alone. */
  record Rules(Map<String, FieldRule> exact, Map<String, FieldRule> spelled) {

    /** The rule for exactly this name, or null. */
    FieldRule named(String name) {
      return exact.get(name);
    }

    /** The rule for a name in another spelling, such as {@code maxNewTokens}, or null. */
    FieldRule spelledLike(String name) {
      return spelled.get(NearMiss.letters(name));
    }
  }

  /**
   * The fields of one request.
   *
   * @param like another section, whose rules hold for the fields that this one does not list
   */
  record Section(
      @JsonProperty("like") String like,
      @JsonProperty("supported") String supported,
      @JsonProperty("harmless") String harmless,
      @JsonProperty("unsupported") Map<String, Unsupported> unsupported) {

    List<String> supportedNames() {
      return words(supported);
    }

    List<String> harmlessNames() {
      return words(harmless);
    }

    Map<String, FieldRule> rules() {
      Map<String, FieldRule> rules = new HashMap<>();
      harmlessNames().forEach(name -> rules.put(name, FieldRule.HARMLESS));
      if (unsupported != null) {
        unsupported.forEach((name, entry) -> rules.put(name, entry.rule()));
      }
      return rules;
    }

    private static List<String> words(String text) {
      return text == null ? List.of() : List.of(text.strip().split("\\s+"));
    }
  }

  /** A field that would change the answer. */
  record Unsupported(
      @JsonProperty("neutral") List<JsonNode> neutral,
      @JsonProperty("same_as") String sameAs,
      @JsonProperty("beside") Map<String, List<JsonNode>> beside,
      @JsonProperty("unless") String unless,
      @JsonProperty("use") String use) {

    private FieldRule rule() {
      return new FieldRule(
          false,
          neutral == null ? List.of() : neutral,
          sameAs,
          beside == null ? Map.of() : beside,
          unless,
          use == null ? "use " + sameAs + ", which means the same" : use);
    }
  }
}
