package io.github.gpt2server.ops.metrics;

import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.handle.StepKind;
import io.github.gpt2server.ops.exchange.ExchangeFilter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Records every step of the engine. All meters exist from the start, so that the engine thread only
 * adds to them.
 */
public final class EngineRecorder implements EngineObserver {
  private final Map<StepKind, Timer> steps = new EnumMap<>(StepKind.class);
  private final DistributionSummary sequences;
  private final Counter promptTokens;
  private final Counter generatedTokens;
  private final List<Counter> drafts;
  private final List<Counter> draftTokens;
  private final List<Counter> acceptedTokens;
  private final TokenRates rates;

  /**
   * Creates the meters in {@code registry}.
   *
   * @param rates count the tokens of each step
   */
  public EngineRecorder(MeterRegistry registry, TokenRates rates) {
    this.rates = rates;
    for (StepKind kind : StepKind.values()) {
      steps.put(
          kind,
          Timer.builder("gpt2.step.duration")
              .description("Duration of an engine step, including sampling")
              .tag("kind", kind.name().toLowerCase(Locale.ROOT))
              .serviceLevelObjectives(
                  Buckets.seconds(
                      .001, .0025, .005, .01, .02, .03, .05, .075, .1, .15, .25, .5, 1, 2.5))
              .register(registry));
    }
    sequences =
        DistributionSummary.builder("gpt2.step.sequences")
            .description("Batch size: sequences in a step")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256)
            .register(registry);
    promptTokens =
        Counter.builder("gpt2.prompt.tokens")
            .description("Prompt tokens by source: prefix cache or computed")
            .register(registry);
    generatedTokens =
        Counter.builder("gpt2.generation.tokens")
            .description("Generated tokens")
            .register(registry);
    drafts =
        speculation(
            registry, "spec.decode.num.drafts", "Proposed drafts, one per sequence and step");
    draftTokens =
        speculation(registry, "spec.decode.num.draft.tokens", "Draft tokens verified by steps");
    acceptedTokens =
        speculation(
            registry,
            "spec.decode.num.accepted.tokens",
            "Accepted draft tokens, generated without a step of their own");
  }

  /** Under this server's name and under vLLM's. */
  private static List<Counter> speculation(
      MeterRegistry registry, String name, String description) {
    return Stream.of("gpt2." + name, "vllm:" + name.replace('.', '_'))
        .map(full -> Counter.builder(full).description(description).register(registry))
        .toList();
  }

  @Override
  public void submitted(RequestProgress progress) {
    ExchangeFilter.submitted(progress);
  }

  @Override
  public void stepped(StepKind kind, int inStep, int prompt, int generated, long nanos) {
    steps.get(kind).record(nanos, TimeUnit.NANOSECONDS);
    if (kind != StepKind.TASK) {
      sequences.record(inStep);
      promptTokens.increment(prompt);
      generatedTokens.increment(generated);
      rates.add(prompt, generated);
    }
  }

  @Override
  public void speculated(int drafted, int proposed, int accepted) {
    drafts.forEach(counter -> counter.increment(drafted));
    draftTokens.forEach(counter -> counter.increment(proposed));
    acceptedTokens.forEach(counter -> counter.increment(accepted));
  }
}
