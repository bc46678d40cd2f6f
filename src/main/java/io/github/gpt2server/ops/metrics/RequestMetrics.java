package io.github.gpt2server.ops.metrics;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.ops.exchange.Exchange;
import io.github.gpt2server.ops.exchange.ExchangeListener;
import io.github.gpt2server.ops.exchange.Operation;
import io.github.gpt2server.ops.exchange.RequestOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Meters of requests to the model. Those that OpenTelemetry's conventions for generative AI servers
 * define have their names, attributes and buckets; labels have few values, whatever clients send.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/">the
 *     conventions</a>
 */
public final class RequestMetrics implements ExchangeListener {
  public static final String PROVIDER = "gpt2-server";

  private static final double[] TOKEN_BUCKETS = {1, 4, 16, 64, 256, 1024, 4096, 16384};

  private final MeterProvider<Timer> duration;
  private final MeterProvider<Timer> firstToken;
  private final MeterProvider<Timer> perToken;
  private final Timer queueWait;
  private final MeterProvider<Counter> requests;
  private final MeterProvider<DistributionSummary> promptTokens;
  private final MeterProvider<DistributionSummary> generatedTokens;

  public RequestMetrics(MeterRegistry registry) {
    duration =
        Timer.builder("gen_ai.server.request.duration")
            .description("Time from the arrival of a request to the last byte of its answer")
            .serviceLevelObjectives(
                Buckets.seconds(
                    .01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96,
                    81.92))
            .withRegistry(registry);
    firstToken =
        Timer.builder("gen_ai.server.time_to_first_token")
            .description("Time to the first token, including waiting; answered requests only")
            .serviceLevelObjectives(
                Buckets.seconds(
                    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10))
            .withRegistry(registry);
    perToken =
        Timer.builder("gen_ai.server.time_per_output_token")
            .description("Time per token after the first; answered requests only")
            .serviceLevelObjectives(
                Buckets.seconds(.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5))
            .withRegistry(registry);
    queueWait =
        Timer.builder("gpt2.queue.wait")
            .description("Time that requests waited for a KV-cache slot or for their task's turn")
            .serviceLevelObjectives(
                Buckets.seconds(
                    .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300))
            .register(registry);
    requests =
        Counter.builder("gpt2.requests")
            .description("Requests to the model, by outcome")
            .withRegistry(registry);
    promptTokens =
        DistributionSummary.builder("gpt2.request.prompt.tokens")
            .description("Number of prompt tokens of a request")
            .serviceLevelObjectives(TOKEN_BUCKETS)
            .withRegistry(registry);
    generatedTokens =
        DistributionSummary.builder("gpt2.request.generation.tokens")
            .description("Number of tokens generated for a request")
            .serviceLevelObjectives(TOKEN_BUCKETS)
            .withRegistry(registry);
    for (Operation operation : Operation.values()) {
      // From the start, so that the first of each shows as an increase.
      for (RequestOutcome outcome : RequestOutcome.values()) {
        requests.withTags(count(operation, outcome));
      }
    }
  }

  @Override
  public void ended(Exchange exchange) {
    exchange.operation().ifPresent(operation -> ended(operation, exchange));
  }

  private void ended(Operation operation, Exchange exchange) {
    Tags common =
        Tags.of(
            "gen_ai.operation.name",
            operation.toString(),
            "gen_ai.provider.name",
            PROVIDER,
            // An alias means the same model, and a name that means none must not become a label.
            "gen_ai.request.model",
            exchange.model(),
            "gen_ai.response.model",
            exchange.model());
    duration.withTags(common.and("error.type", exchange.errorType())).record(exchange.duration());
    requests.withTags(count(operation, exchange.outcome())).increment();
    for (RequestProgress request : exchange.requests()) {
      request.untilStart().ifPresent(queueWait::record);
      if (request.outcome().filter(Outcome.FINISHED::equals).isPresent()) {
        recordTokenTimes(request, common);
      }
    }
    if (exchange.outcome() == RequestOutcome.SUCCESS) {
      Tags tags = Tags.of("operation", operation.toString());
      promptTokens.withTags(tags).record(exchange.promptTokens());
      generatedTokens.withTags(tags).record(exchange.generatedTokens());
    }
  }

  private void recordTokenTimes(RequestProgress request, Tags tags) {
    if (request.untilFirstToken().isEmpty()) {
      return;
    }
    Duration first = request.untilFirstToken().get();
    firstToken.withTags(tags).record(first);
    int later = request.generatedTokens() - 1;
    if (later > 0) {
      Duration rest = request.untilEnd().orElseThrow().minus(first);
      perToken.withTags(tags).record(rest.dividedBy(later));
    }
  }

  private static Tags count(Operation operation, RequestOutcome outcome) {
    return Tags.of("operation", operation.toString(), "outcome", outcome.toString());
  }
}
