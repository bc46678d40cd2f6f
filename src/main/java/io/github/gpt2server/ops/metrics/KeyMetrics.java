package io.github.gpt2server.ops.metrics;

import io.github.gpt2server.ops.exchange.Exchange;
import io.github.gpt2server.ops.exchange.ExchangeListener;
import io.github.gpt2server.web.ratelimit.LimitKind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Meters of requests to the model by the names of their API keys. Keys without a name count
 * together, as requests without a key do, and so do names beyond the first {@value #MAX_NAMES},
 * which a file of keys may have had over time.
 */
public final class KeyMetrics implements ExchangeListener {
  static final int MAX_NAMES = 200;

  private static final String OTHER = "other";
  private static final String LABEL = "key";

  private final Set<String> names = ConcurrentHashMap.newKeySet();
  private final MeterProvider<Counter> requests;
  private final MeterProvider<Counter> promptTokens;
  private final MeterProvider<Counter> generatedTokens;
  private final MeterProvider<Counter> refusals;

  /**
   * @param names the names of the keys that are known at the start, whose meters begin with 0
   */
  public KeyMetrics(MeterRegistry registry, Collection<String> names) {
    requests =
        Counter.builder("gpt2.key.requests")
            .description("Requests to the model by name of their API key, refused ones among them")
            .withRegistry(registry);
    promptTokens =
        Counter.builder("gpt2.key.prompt.tokens")
            .description("Prompt tokens of requests by name of their API key")
            .withRegistry(registry);
    generatedTokens =
        Counter.builder("gpt2.key.generation.tokens")
            .description("Tokens generated for requests by name of their API key")
            .withRegistry(registry);
    refusals =
        Counter.builder("gpt2.key.refusals")
            .description("Requests that a limit of their API key refused")
            .withRegistry(registry);
    names.forEach(this::label);
  }

  @Override
  public void ended(Exchange exchange) {
    if (exchange.operation().isEmpty()) {
      return;
    }
    String label = label(exchange.keyName());
    requests.withTag(LABEL, label).increment();
    promptTokens.withTag(LABEL, label).increment(exchange.promptTokens());
    generatedTokens.withTag(LABEL, label).increment(exchange.generatedTokens());
    exchange
        .refusedBy()
        .ifPresent(limit -> refusals.withTags(LABEL, label, "limit", limit.toString()).increment());
  }

  /** The label of a name, whose meters exist from then on. */
  private String label(String name) {
    return names.contains(name) ? name : add(name);
  }

  private synchronized String add(String name) {
    String label = names.size() < MAX_NAMES ? name : OTHER;
    names.add(label);
    requests.withTag(LABEL, label);
    promptTokens.withTag(LABEL, label);
    generatedTokens.withTag(LABEL, label);
    for (LimitKind limit : LimitKind.values()) {
      // From the start, so that the first of each shows as an increase.
      refusals.withTags(LABEL, label, "limit", limit.toString());
    }
    return label;
  }
}
