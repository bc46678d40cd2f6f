package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.ops.health.ProbePaths;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import tools.jackson.databind.json.JsonMapper;

/**
 * One line for each request that is over, but for probes and scrapes. In structured logs its facts
 * are fields as well, named as in the Elastic Common Schema where it has names.
 */
public final class AccessLog implements ExchangeListener {
  private static final Logger log = LoggerFactory.getLogger(AccessLog.class);

  private static final JsonMapper JSON = JsonMapper.shared();

  private final PromptText prompts;

  /**
   * @param prompts the text of prompts, or {@link PromptText#HIDDEN}
   */
  public AccessLog(PromptText prompts) {
    this.prompts = prompts;
  }

  @Override
  public void ended(Exchange exchange) {
    if (ProbePaths.contains(exchange.path())) {
      return;
    }
    StringBuilder line = new StringBuilder();
    double seconds = exchange.duration().toNanos() / 1e9;
    line.append(
        String.format(
            Locale.ROOT,
            "%s %s %d %s %.3f s",
            exchange.method(),
            exchange.path(),
            exchange.status(),
            exchange.outcome(),
            seconds));
    LoggingEventBuilder event =
        log.atInfo()
            .addKeyValue("http.request.method", exchange.method())
            .addKeyValue("url.path", exchange.path())
            .addKeyValue("client.address", exchange.client())
            .addKeyValue("gpt2.key", exchange.keyName())
            .addKeyValue("http.response.status_code", exchange.status())
            // Of this field the schema allows no other values.
            .addKeyValue(
                "event.outcome",
                exchange.outcome() == RequestOutcome.SUCCESS ? "success" : "failure")
            .addKeyValue("gpt2.outcome", exchange.outcome().toString())
            .addKeyValue("event.duration", exchange.duration().toNanos());
    if (exchange.operation().isPresent()) {
      line.append(
          String.format(
              Locale.ROOT,
              ", %s, %d prompt tokens, %d generated",
              exchange.model().isEmpty() ? "no model yet" : exchange.model(),
              exchange.promptTokens(),
              exchange.generatedTokens()));
      event =
          event
              .addKeyValue("gen_ai.operation.name", exchange.operation().get().toString())
              .addKeyValue("gen_ai.response.model", exchange.model())
              .addKeyValue("gen_ai.usage.input_tokens", exchange.promptTokens())
              .addKeyValue("gen_ai.usage.output_tokens", exchange.generatedTokens());
      List<String> texts = prompts.of(exchange.requests());
      if (!texts.isEmpty()) {
        String json = JSON.writeValueAsString(texts);
        line.append(", prompts ").append(json);
        event = event.addKeyValue("gpt2.prompts", json);
      }
    }
    event.log(line.toString());
  }
}
