package io.github.gpt2server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Imports go one way: api -> analysis -> engine -> sampling and model; see the packages' notes. */
@AnalyzeClasses(packages = "io.github.gpt2server", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String BASE = "io.github.gpt2server";

  @ArchTest static final ArchRule tokenizerStandsAlone = uses("tokenizer");

  @ArchTest static final ArchRule samplingStandsAlone = uses("sampling");

  @ArchTest static final ArchRule modelStandsAlone = uses("model");

  @ArchTest static final ArchRule hubStandsAlone = uses("hub");

  @ArchTest static final ArchRule engineUses = uses("engine", "sampling", "model", "tokenizer");

  @ArchTest static final ArchRule analysisUses = uses("analysis", "engine", "model", "tokenizer");

  @ArchTest
  static final ArchRule apiUses = uses("api", "analysis", "engine", "sampling", "tokenizer");

  @ArchTest static final ArchRule opsObservesTheEngine = uses("ops", "engine");

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
