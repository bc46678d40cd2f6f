package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What IDEs show of the settings, which the compiler writes, and the table that people read. */
class SettingsMetadataTest {
  private static final String TABLE = "| setting | default | meaning |";

  private static final Map<String, JsonNode> METADATA = new LinkedHashMap<>();

  @BeforeAll
  static void read() throws IOException, URISyntaxException {
    Path classes =
        Path.of(Gpt2Properties.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    JsonNode file =
        JsonMapper.shared()
            .readTree(
                Files.readString(classes.resolve("META-INF/spring-configuration-metadata.json")));
    for (JsonNode property : file.get("properties")) {
      METADATA.put(property.get("name").asString(), property);
    }
  }

  @Test
  void everySettingIsThereWithADescription() {
    assertThat(METADATA.keySet())
        .containsExactlyInAnyOrderElementsOf(
            SettingNameCheck.names().stream().map(name -> "gpt2." + name).toList());
    METADATA.forEach(
        (name, property) ->
            assertThat(property.path("description").asString("")).as(name).isNotBlank());
  }

  @Test
  void theDocumentedTableHasTheSameNamesAndDefaults() throws IOException {
    Map<String, String> documented = documented();

    assertThat(documented.keySet()).containsExactlyInAnyOrderElementsOf(METADATA.keySet());
    METADATA.forEach(
        (name, property) -> {
          JsonNode value = property.path("defaultValue");
          String shown = value.isArray() || value.isMissingNode() ? "" : value.asString();
          // What is left to the environment shows the variable.
          String expected = documented.get(name).replaceFirst("^HF_.*", "");
          assertThat(shown).as(name).isEqualTo(expected);
        });
  }

  /** Names and defaults of the table in docs/configuration.md, without the marks of code. */
  private static Map<String, String> documented() throws IOException {
    Map<String, String> defaults = new LinkedHashMap<>();
    List<String> lines = Files.readAllLines(Path.of("docs/configuration.md"));
    for (int i = lines.indexOf(TABLE) + 2; lines.get(i).startsWith("|"); i++) {
      String[] cells = lines.get(i).replace("`", "").split("\\|", -1);
      if (cells[1].strip().startsWith("gpt2.")) {
        defaults.put(cells[1].strip(), cells[2].strip());
      }
    }
    return defaults;
  }
}
