package io.github.gpt2server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.Set;

/**
 * Rules for imports, which go one way: {api, cli} -> analysis -> engine -> {sampling, model}. Only
 * the application class imports boot. Types that are public for the sake of a package's own
 * subpackages are closed to the others here, because the compiler cannot do that.
 */
@AnalyzeClasses(packages = "io.github.gpt2server", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String BASE = "io.github.gpt2server";
  private static final Set<String> INEXACT_FUNCTIONS =
      Set.of("exp", "expm1", "log", "log10", "log1p", "pow", "sin", "cos", "tan", "tanh", "cbrt");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching(BASE + ".(**)").should().beFreeOfCycles();

  @ArchTest static final ArchRule filesStandAlone = uses("files");

  @ArchTest static final ArchRule textStandsAlone = uses("text");

  @ArchTest static final ArchRule platformStandsAlone = uses("platform");

  @ArchTest static final ArchRule memoryUses = uses("memory", "platform");

  @ArchTest static final ArchRule samplingStandsAlone = uses("sampling");

  @ArchTest static final ArchRule constraintUses = uses("constraint", "sampling");

  @ArchTest static final ArchRule tokenizerUses = uses("tokenizer", "files", "platform");

  @ArchTest static final ArchRule modelUses = uses("model", "files", "platform", "text");

  @ArchTest static final ArchRule hubUses = uses("hub", "files", "text");

  @ArchTest static final ArchRule webKnowsNoEndpointAndNoEngine = uses("web", "memory", "text");

  @ArchTest static final ArchRule engineUses = uses("engine", "sampling", "model", "tokenizer");

  @ArchTest static final ArchRule templateStandsAlone = uses("template");

  @ArchTest static final ArchRule servingUses = uses("serving", "engine", "template", "tokenizer");

  @ArchTest
  static final ArchRule analysisUses = uses("analysis", "engine", "model", "sampling", "tokenizer");

  @ArchTest
  static final ArchRule apiUses =
      uses(
          "api",
          "analysis",
          "constraint",
          "engine",
          "memory",
          "sampling",
          "serving",
          "template",
          "text",
          "tokenizer",
          "web");

  @ArchTest
  static final ArchRule cliUses =
      uses("cli", "analysis", "engine", "hub", "sampling", "serving", "text", "tokenizer");

  @ArchTest
  static final ArchRule opsUses =
      uses("ops", "engine", "memory", "platform", "serving", "text", "web");

  @ArchTest
  static final ArchRule onlyTheApplicationImportsBoot = usedBy("boot..", BASE, BASE + ".boot..");

  @ArchTest
  static final ArchRule settingsAreReadInBootAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage(BASE + ".boot..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Gpt2Properties.class);

  /**
   * Callers of the engine use the engine, requests, results, handles and, of {@code
   * engine.schedule}, the status.
   */
  @ArchTest
  static final ArchRule theEnginesInternalsAreItsOwn =
      noClasses()
          .that()
          .resideOutsideOfPackage(BASE + ".engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              BASE + ".engine.step..", BASE + ".engine.speculation..", BASE + ".engine.task..");

  @ArchTest
  static final ArchRule theEngineSeesModelsAsInterfaces =
      noClasses()
          .that()
          .resideInAnyPackage(
              BASE + ".engine..", BASE + ".analysis..", BASE + ".api..", BASE + ".cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(BASE + ".model.torch..", BASE + ".model.checkpoint..");

  @ArchTest
  static final ArchRule checkpointsAreReadWithoutLibtorch =
      noClasses()
          .that()
          .resideInAPackage(BASE + ".model.checkpoint..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(BASE + ".model.torch..");

  @ArchTest
  static final ArchRule tensorsOnlyInModelTorch =
      library("model.torch", "ai.djl.ndarray..", "ai.djl.pytorch..");

  /** JNA is also used where its own library is unpacked. */
  @ArchTest
  static final ArchRule jnaOnlyInPlatformAndModelTorch =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              BASE + ".platform..", BASE + ".model.torch..", BASE + ".boot.libraries..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.jna..");

  @ArchTest
  static final ArchRule luceneOnlyInAutomata =
      library("constraint.automaton", "org.apache.lucene..");

  @ArchTest
  static final ArchRule bucketsOnlyInRateLimits = library("web.ratelimit", "io.github.bucket4j..");

  @ArchTest
  static final ArchRule djlOnlyInModelAndTokenizer =
      noClasses()
          .that()
          .resideOutsideOfPackages(BASE + ".model.torch..", BASE + ".tokenizer..", BASE + ".boot..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule tomcatOnlyInWebTomcat =
      noClasses()
          .that()
          .resideOutsideOfPackage(BASE + ".web.tomcat..")
          // Ends a connection by the only exception that Tomcat does so for.
          .and()
          .doNotHaveSimpleName("ShortageFilter")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.catalina..", "org.apache.coyote..", "org.apache.tomcat..");

  @ArchTest
  static final ArchRule springSecurityOnlyInWebSecurity =
      noClasses()
          .that()
          .resideOutsideOfPackages(BASE + ".web.security..", BASE + ".boot.wiring..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.springframework.security..");

  /** Deadlines are counted by System.nanoTime, which does not jump when the clock is set. */
  @ArchTest
  static final ArchRule deadlinesIgnoreTheClock =
      noClasses()
          .that()
          .resideInAnyPackage(
              BASE + ".api..",
              BASE + ".analysis..",
              BASE + ".engine..",
              BASE + ".sampling..",
              BASE + ".model..",
              BASE + ".ops..",
              BASE + ".web..")
          // Completions say when they were created, traces when something happened.
          .and()
          .haveNameNotMatching(".*\\.(GenerationValidator|RequestProgress|RequestSpans)")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .dependOnClassesThat()
          .belongToAnyOf(Clock.class, LocalDateTime.class, ZonedDateTime.class, Date.class);

  /**
   * The last bits of these functions of Math depend on the processor, those of StrictMath do not.
   */
  @ArchTest
  static final ArchRule numbersAreTheSameOnEveryProcessor =
      noClasses()
          .should()
          .callMethodWhere(
              DescribedPredicate.describe(
                  "a function of Math has no exact result",
                  call ->
                      call.getTargetOwner().isEquivalentTo(Math.class)
                          && INEXACT_FUNCTIONS.contains(call.getName())));

  /** A package and those below it depend on themselves, on the named ones and on libraries. */
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

  /** Only the given packages depend on a package. */
  private static ArchRule usedBy(String name, String... users) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(users)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + "." + name);
  }

  /** Only one package depends on a library. */
  private static ArchRule library(String name, String... packages) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(BASE + "." + name + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages);
  }
}
