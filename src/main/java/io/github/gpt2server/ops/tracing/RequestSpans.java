package io.github.gpt2server.ops.tracing;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.ops.exchange.Exchange;
import io.github.gpt2server.ops.exchange.ExchangeListener;
import io.github.gpt2server.ops.exchange.Operation;
import io.github.gpt2server.ops.exchange.PromptText;
import io.github.gpt2server.ops.exchange.RequestOutcome;
import io.github.gpt2server.ops.metrics.RequestMetrics;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * Spans of what the engine did for a request, under the span of HTTP: one for the operation, named
 * and described as OpenTelemetry's conventions for generative AI say, and in it {@code queue},
 * {@code prefill} and {@code decode}, or {@code queue} and {@code task}. They are made when the
 * request is over, from the times that the engine noted, so the engine does nothing for them.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/">the
 *     conventions</a>
 */
public final class RequestSpans implements ExchangeListener {
  private static final AttributeKey<List<String>> REQUEST_ID =
      AttributeKey.stringArrayKey("http.response.header.x-request-id");
  private static final AttributeKey<List<String>> FINISH_REASONS =
      AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Tracer tracer;
  private final PromptText prompts;

  /**
   * @param prompts the text of prompts, or {@link PromptText#HIDDEN}
   */
  public RequestSpans(Tracer tracer, PromptText prompts) {
    this.tracer = tracer;
    this.prompts = prompts;
  }

  @Override
  public void ended(Exchange exchange) {
    Span http = Span.current();
    if (!http.isRecording()) {
      return;
    }
    if (exchange.id() != null) {
      http.setAttribute(REQUEST_ID, List.of(exchange.id()));
    }
    exchange
        .operation()
        .ifPresent(
            operation -> exchange.requests().forEach(request -> add(operation, exchange, request)));
  }

  private void add(Operation operation, Exchange exchange, RequestProgress request) {
    Instant end = end(request);
    SpanBuilder builder =
        tracer
            .spanBuilder(operation + " " + exchange.model())
            .setStartTimestamp(request.submittedAt())
            .setAttribute("gen_ai.operation.name", operation.toString())
            .setAttribute("gen_ai.provider.name", RequestMetrics.PROVIDER)
            .setAttribute("gen_ai.request.model", exchange.model())
            .setAttribute("gen_ai.response.model", exchange.model())
            .setAttribute("gen_ai.response.id", request.id())
            .setAttribute("gen_ai.usage.input_tokens", (long) request.promptTokens())
            .setAttribute("gen_ai.usage.output_tokens", (long) request.generatedTokens())
            .setAttribute("gen_ai.usage.cache_read.input_tokens", (long) request.cachedTokens());
    if (request.maxTokens() > 0) {
      builder.setAttribute("gen_ai.request.max_tokens", (long) request.maxTokens());
      builder.setAttribute(
          FINISH_REASONS,
          request.finishReasons().stream()
              .map(reason -> reason.name().toLowerCase(Locale.ROOT))
              .toList());
    }
    List<String> texts = prompts.of(List.of(request));
    if (!texts.isEmpty()) {
      builder.setAttribute("gen_ai.input.messages", messages(texts));
    }
    Span span = builder.startSpan();
    if (exchange.outcome() != RequestOutcome.SUCCESS) {
      span.setAttribute("error.type", exchange.errorType());
      span.setStatus(StatusCode.ERROR);
    }
    addPhases(request, end, Context.current().with(span));
    span.end(end);
  }

  private void addPhases(RequestProgress request, Instant end, Context parent) {
    Instant begin = request.submittedAt();
    Instant start = at(begin, request.untilStart(), end);
    phase("queue", begin, start, parent);
    if (request.untilStart().isEmpty()) {
      return;
    }
    if (request.isTask()) {
      phase("task", start, end, parent);
      return;
    }
    Instant read = at(begin, request.untilPromptRead(), end);
    phase("prefill", start, read, parent);
    if (request.untilFirstToken().isPresent()) {
      phase("decode", read, end, parent);
    }
  }

  private void phase(String name, Instant begin, Instant end, Context parent) {
    tracer.spanBuilder(name).setParent(parent).setStartTimestamp(begin).startSpan().end(end);
  }

  private static Instant at(Instant begin, Optional<Duration> elapsed, Instant otherwise) {
    return elapsed.map(begin::plus).orElse(otherwise);
  }

  /** Now for a request whose client has left before the engine gave it up. */
  private static Instant end(RequestProgress request) {
    Instant now = Instant.now();
    Instant begin = request.submittedAt();
    return at(begin, request.untilEnd(), now.isAfter(begin) ? now : begin);
  }

  private static String messages(List<String> texts) {
    return JSON.writeValueAsString(
        texts.stream()
            .map(
                text ->
                    Map.of(
                        "role", "user", "parts", List.of(Map.of("type", "text", "content", text))))
            .toList());
  }
}
