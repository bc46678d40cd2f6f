package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The defaults, their schema and the README say the same. */
class ValuesTest {
  private static final List<String> OPEN = List.of("config", "global");

  /**
   * A value without a place in the schema could not be set; one without a default is not
   * documented.
   */
  @Test
  void theSchemaHasEveryValueAndNoOther() throws IOException {
    Map<String, Object> schema =
        Yamls.read(Files.readString(Chart.FOLDER.resolve("values.schema.json")));
    Map<String, Object> values = Yamls.read(Files.readString(Chart.FOLDER.resolve("values.yaml")));
    Set<String> existing = new TreeSet<>();
    Set<String> known = new TreeSet<>();
    compare("", schema, schema, values, known, existing);
    assertThat(existing).isEqualTo(known);
  }

  /** Goes as deep as the schema lists properties and refuses others. */
  private static void compare(
      String path,
      Map<String, Object> schema,
      Map<String, Object> properties,
      Map<String, Object> values,
      Set<String> known,
      Set<String> existing) {
    values.keySet().forEach(key -> existing.add(path + key));
    Yamls.map(properties.get("properties"))
        .forEach(
            (key, child) -> {
              if (path.isEmpty() && key.equals("global")) {
                return;
              }
              known.add(path + key);
              Map<String, Object> property = resolve(schema, Yamls.map(child));
              if (property.containsKey("properties") && isDocumented(path + key)) {
                compare(
                    path + key + ".",
                    schema,
                    property,
                    Yamls.map(values.get(key)),
                    known,
                    existing);
              }
            });
  }

  /** Objects in Kubernetes' own form are documented as a whole. */
  private static boolean isDocumented(String path) {
    return !OPEN.contains(path) && !path.endsWith("esources") && !path.equals("strategy");
  }

  private static Map<String, Object> resolve(
      Map<String, Object> schema, Map<String, Object> property) {
    String reference = (String) property.get("$ref");
    return reference == null
        ? property
        : Yamls.map(Yamls.at(schema, reference.replace("#/", "").replace('/', '.')));
  }

  /** {@code -Dchart.readme=write} writes the table anew instead. */
  @Test
  void theReadmeSaysWhatTheCommentsSay() throws IOException {
    ChartReadme readme = new ChartReadme(Chart.FOLDER);
    if ("write".equals(System.getProperty("chart.readme"))) {
      readme.write();
    }
    assertThat(Files.readString(readme.file()))
        .as(
            "%s is not what values.yaml says: mvn test -Dtest=ValuesTest -Dchart.readme=write",
            readme.file())
        .isEqualTo(readme.text());
  }
}
