package io.github.gpt2server.boot.settings;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Settings under {@code gpt2.} with nothing or only spaces as their value. They count as not set,
 * wherever they stand: Compose files and charts write {@code GPT2_MODEL: ${MODEL:-}}.
 */
final class BlankSettings {
  private BlankSettings() {}

  /**
   * Takes them out of their sources, so that a source of lower precedence or the default counts.
   *
   * @return their names, as written in the sources
   */
  static Set<String> remove(MutablePropertySources sources) {
    Set<String> all = new TreeSet<>();
    for (PropertySource<?> source : sources) {
      if (source instanceof EnumerablePropertySource<?> known) {
        List<String> blank =
            Arrays.stream(known.getPropertyNames())
                .filter(name -> name.toLowerCase(Locale.ROOT).matches("gpt2[._].*"))
                .filter(name -> String.valueOf(known.getProperty(name)).isBlank())
                .toList();
        if (!blank.isEmpty()) {
          sources.replace(known.getName(), without(known, blank));
          all.addAll(blank);
        }
      }
    }
    return all;
  }

  private static PropertySource<?> without(
      EnumerablePropertySource<?> source, List<String> removed) {
    Map<String, Object> others = new LinkedHashMap<>();
    for (String name : source.getPropertyNames()) {
      if (!removed.contains(name)) {
        others.put(name, source.getProperty(name));
      }
    }
    // Spring reads the names in a source of this type alone as those of variables.
    return source instanceof SystemEnvironmentPropertySource
        ? new SystemEnvironmentPropertySource(source.getName(), others)
        : new MapPropertySource(source.getName(), others);
  }
}
