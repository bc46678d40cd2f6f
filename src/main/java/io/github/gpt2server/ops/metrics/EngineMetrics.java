package io.github.gpt2server.ops.metrics;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.ops.lifecycle.EngineControl;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Meters of the engine, 0 while the model loads: under this server's names, and under vLLM's for
 * routers and dashboards that know those.
 */
public final class EngineMetrics implements MeterBinder {
  private final EngineControl engine;
  private final ServerState state;

  /** Asks {@code engine} and {@code state} at every scrape. */
  public EngineMetrics(EngineControl engine, ServerState state) {
    this.engine = engine;
    this.state = state;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    String waiting = "Requests waiting in the queue";
    gauge(registry, "gpt2.requests.waiting", waiting, EngineStatus::waiting);
    gauge(registry, "vllm:num_requests_waiting", waiting, EngineStatus::waiting);
    String running = "Sequences holding a KV-cache slot";
    gauge(registry, "gpt2.sequences.running", running, EngineStatus::running);
    gauge(registry, "vllm:num_requests_running", running, EngineStatus::running);
    String usage = "Share of the KV cache's positions in use, 0 to 1";
    gauge(registry, "gpt2.kv.cache.usage.ratio", usage, EngineStatus::kvCacheUsage);
    gauge(registry, "vllm:kv_cache_usage_perc", usage, EngineStatus::kvCacheUsage);
    gauge(
        registry,
        "gpt2.prefix.cache.usage.ratio",
        "Share of the prefix cache's blocks in use, 0 to 1",
        status -> status.prefixCache().usage());
    String queries = "Prompt tokens looked up in the prefix cache";
    counter(registry, "gpt2.prefix.cache.queries", queries, PrefixCacheStatus::queriedTokens);
    counter(registry, "vllm:prefix_cache_queries", queries, PrefixCacheStatus::queriedTokens);
    String hits = "Prompt tokens found in the prefix cache";
    counter(registry, "gpt2.prefix.cache.hits", hits, PrefixCacheStatus::hitTokens);
    counter(registry, "vllm:prefix_cache_hits", hits, PrefixCacheStatus::hitTokens);
    Gauge.builder("gpt2.ready", state, s -> s.phase() == ServerState.Phase.SERVING ? 1 : 0)
        .description("1 while the server is ready for requests, else 0")
        .register(registry);
    for (ServerState.Phase phase : ServerState.Phase.values()) {
      Gauge.builder("gpt2.phase", state, s -> s.phase() == phase ? 1 : 0)
          .description("1 for the phase that the server is in, 0 for the others")
          .tag("phase", phase.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<PrefixCacheStatus> value) {
    FunctionCounter.builder(
            name,
            engine,
            e -> e.status().map(status -> value.applyAsDouble(status.prefixCache())).orElse(0.0))
        .description(description)
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<EngineStatus> value) {
    Gauge.builder(
            name, engine, e -> e.status().map(status -> value.applyAsDouble(status)).orElse(0.0))
        .description(description)
        .register(registry);
  }
}
