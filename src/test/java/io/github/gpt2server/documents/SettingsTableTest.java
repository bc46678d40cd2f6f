package io.github.gpt2server.documents;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import java.io.IOException;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** The table in docs/configuration.md has every setting of {@code gpt2.*} with its default. */
class SettingsTableTest {
  private static final Pattern ROW =
      Pattern.compile("\\| `(gpt2\\.[a-z.-]+)` \\| `?([^`|]*?)`? \\| \\S.*");

  @Test
  void theTableHasEverySettingWithItsDefault() throws IOException, NoSuchMethodException {
    Map<String, String> shown = new TreeMap<>();
    Markdown.read(Path.of("docs/configuration.md")).lines().stream()
        .flatMap(line -> ROW.matcher(line).results())
        .forEach(row -> shown.put(row.group(1), defaultIn(row)));

    assertThat(shown).containsExactlyInAnyOrderEntriesOf(defaults("gpt2", Gpt2Properties.class));
  }

  /** Empty where an environment variable of Python's hub client takes the place of a default. */
  private static String defaultIn(MatchResult row) {
    return row.group(2).startsWith("HF_") ? "" : row.group(2).strip();
  }

  private static Map<String, String> defaults(String prefix, Class<?> settings)
      throws NoSuchMethodException {
    RecordComponent[] components = settings.getRecordComponents();
    Parameter[] parameters =
        settings
            .getDeclaredConstructor(
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new))
            .getParameters();
    Map<String, String> defaults = new TreeMap<>();
    for (int i = 0; i < components.length; i++) {
      String name = prefix + "." + dashed(components[i].getName());
      if (components[i].getType().isRecord()) {
        defaults.putAll(defaults(name, components[i].getType()));
      } else {
        DefaultValue value = parameters[i].getAnnotation(DefaultValue.class);
        defaults.put(name, value == null ? "" : String.join(",", value.value()));
      }
    }
    return defaults;
  }

  private static String dashed(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
