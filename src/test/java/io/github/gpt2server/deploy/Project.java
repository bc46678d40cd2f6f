package io.github.gpt2server.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Facts of the project that the deployment files must agree with. Tests run in the root of the
 * project.
 */
final class Project {
  private Project() {}

  /** The first match of a property of the project's own, such as {@code libtorch.version}. */
  static String pom(String element) {
    String pom = text(Path.of("pom.xml")).replaceFirst("(?s)<parent>.*?</parent>", "");
    Matcher matcher = Pattern.compile("<" + Pattern.quote(element) + ">([^<]*)<").matcher(pom);
    if (!matcher.find()) {
      throw new AssertionError("pom.xml has no " + element);
    }
    return matcher.group(1);
  }

  static int serverPort() {
    Map<?, ?> settings = yaml(Path.of("src/main/resources/application.yaml"));
    return (Integer) ((Map<?, ?>) settings.get("server")).get("port");
  }

  /** A document whose keys stand there once. */
  static Map<String, Object> yaml(Path file) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options)).load(text(file));
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
