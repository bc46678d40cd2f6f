package io.github.gpt2server.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The diagram in docs/architecture.md has exactly the imports between top-level packages. */
class PackageDiagramTest {
  private static final String BASE = "io.github.gpt2server.";
  private static final String COMPOSITION_ROOT = "boot";

  private static final Pattern ARROWS = Pattern.compile("(?m)^ *(\\w+) --> (\\w+(?: & \\w+)*)$");

  @Test
  void theDiagramIsTheImportGraph() throws IOException {
    String diagram =
        Markdown.read(Path.of("docs/architecture.md")).blocks().stream()
            .filter(block -> block.language().equals("mermaid"))
            .map(Markdown.Block::text)
            .filter(text -> text.startsWith("flowchart"))
            .findFirst()
            .orElseThrow();

    assertThat(drawn(diagram)).containsExactlyElementsOf(imports());
  }

  private static Set<String> drawn(String diagram) {
    Set<String> arrows = new TreeSet<>();
    Matcher matcher = ARROWS.matcher(diagram);
    while (matcher.find()) {
      for (String target : matcher.group(2).split(" & ", -1)) {
        arrows.add(matcher.group(1) + " --> " + target);
      }
    }
    return arrows;
  }

  private static Set<String> imports() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(new DoNotIncludeTests())
            .importPackages("io.github.gpt2server");
    Set<String> arrows = new TreeSet<>();
    for (JavaClass from : classes) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String user = topPackage(from);
        String used = topPackage(dependency.getTargetClass());
        if (!user.isEmpty() && !used.isEmpty() && !user.equals(used)) {
          arrows.add(user + " --> " + used);
        }
      }
    }
    return arrows;
  }

  /** Empty for the application class, the composition root and libraries. */
  private static String topPackage(JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    if (!name.startsWith(BASE)) {
      return "";
    }
    String top = name.substring(BASE.length()).replaceFirst("\\..*", "");
    return top.equals(COMPOSITION_ROOT) ? "" : top;
  }
}
