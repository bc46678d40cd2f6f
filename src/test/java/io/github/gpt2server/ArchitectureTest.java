package io.github.gpt2server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.Date;

/**
 * Imports go one way: api, cli -> analysis -> engine -> sampling and model; see the packages'
 * notes.
 */
@AnalyzeClasses(packages = "io.github.gpt2server", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String BASE = "io.github.gpt2server";

  @ArchTest static final ArchRule filesStandAlone = uses("files");

  @ArchTest static final ArchRule tokenizerStandsAlone = uses("tokenizer", "files");

  @ArchTest static final ArchRule samplingStandsAlone = uses("sampling");

  @ArchTest static final ArchRule modelStandsAlone = uses("model", "files");

  @ArchTest static final ArchRule hubStandsAlone = uses("hub", "files");

  @ArchTest static final ArchRule memoryStandsAlone = uses("memory");

  @ArchTest static final ArchRule engineUses = uses("engine", "sampling", "model", "tokenizer");

  @ArchTest static final ArchRule analysisUses = uses("analysis", "engine", "model", "tokenizer");

  @ArchTest
  static final ArchRule apiUses =
      uses("api", "analysis", "engine", "memory", "sampling", "tokenizer");

  @ArchTest
  static final ArchRule cliUses = uses("cli", "analysis", "engine", "sampling", "tokenizer", "hub");

  @ArchTest static final ArchRule opsObservesTheEngine = uses("ops", "engine", "memory");

  @ArchTest
  static final ArchRule onlyTheModelTouchesTensors =
      noClasses()
          .that()
          .resideOutsideOfPackage(BASE + ".model..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl.ndarray..", "ai.djl.pytorch..");

  /** Settings are read where the parts are wired together, in the base package, and no deeper. */
  @ArchTest
  static final ArchRule settingsAreReadInTheBasePackageAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage(BASE)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(BASE);

  /** Deadlines are counted by System.nanoTime, which does not jump when the clock is set. */
  @ArchTest
  static final ArchRule nobodyLooksAtTheClock =
      noClasses()
          .that()
          .resideInAnyPackage(
              BASE + ".api..",
              BASE + ".analysis..",
              BASE + ".engine..",
              BASE + ".sampling..",
              BASE + ".model..",
              BASE + ".ops..")
          // Completions say when they were created, traces when something happened.
          .and()
          .haveNameNotMatching(".*\\.(CompletionValidator|RequestProgress|RequestSpans)")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .dependOnClassesThat()
          .belongToAnyOf(Clock.class, LocalDateTime.class, ZonedDateTime.class, Date.class);

  /** A package depends on itself, on the named ones and on what is not ours. */
  private static ArchRule uses(String name, String... others) {
    DescribedPredicate<JavaClass> allowed =
        JavaClass.Predicates.resideOutsideOfPackage(BASE + "..")
            .or(JavaClass.Predicates.resideInAPackage(BASE + "." + name + ".."));
    for (String other : others) {
      allowed = allowed.or(JavaClass.Predicates.resideInAPackage(BASE + "." + other + ".."));
    }
    return classes()
        .that()
        .resideInAPackage(BASE + "." + name + "..")
        .should()
        .onlyDependOnClassesThat(allowed.as("in %s, its allowed packages or libraries", name));
  }
}
