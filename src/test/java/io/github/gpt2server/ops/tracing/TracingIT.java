package io.github.gpt2server.ops.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OtlpReceiver;
import io.github.gpt2server.testing.OtlpReceiver.Span;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Traces as a collector gets them. */
class TracingIT {
  private static final int INTERNAL = 1;
  private static final int SERVER = 2;
  private static final String PARENT_SPAN = "00f067aa0ba902b7";

  private static OtlpReceiver receiver;
  private static LiveServer server;

  @BeforeAll
  static void start() throws IOException {
    receiver = new OtlpReceiver();
    server =
        new LiveServer(
            "--gpt2.max-sequences=2",
            "--management.opentelemetry.tracing.export.otlp.endpoint="
                + receiver.address()
                + "/v1/traces",
            "--management.opentelemetry.tracing.export.schedule-delay=10ms");
  }

  @AfterAll
  static void stop() {
    server.close();
    receiver.close();
  }

  /** Asks within a trace of the client's and gives the spans of it, by name. */
  private static List<Span> trace(String traceId, String path, String json)
      throws IOException, InterruptedException {
    try (RawHttp http = server.connect()) {
      String post = RawHttp.post(path, json);
      int line = post.indexOf("\r\n") + 2;
      http.send(
              post.substring(0, line)
                  + "traceparent: 00-%s-%s-01\r\n".formatted(traceId, PARENT_SPAN)
                  + "X-Request-Id: traced-1\r\n"
                  + post.substring(line))
          .answer();
    }
    Predicate<Span> ours = span -> span.traceId().equals(traceId);
    return receiver.await(ours.and(span -> span.kind() == SERVER)).stream().filter(ours).toList();
  }

  private static Span named(List<Span> spans, String name) {
    List<Span> found = spans.stream().filter(span -> span.name().equals(name)).toList();
    assertThat(found).as("%s in %s", name, spans).hasSize(1);
    return found.get(0);
  }

  @Test
  void aCompletionIsTracedFromTheClientsSpanToTheTokens() throws Exception {
    String traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    List<Span> spans =
        trace(
            traceId,
            "/v1/completions",
            "{\"prompt\": \"The king\", \"max_tokens\": 5, \"ignore_eos\": true}");

    Span http = named(spans, "http post /v1/completions");
    Span operation = named(spans, "text_completion gpt2-fairytales");
    Span queue = named(spans, "queue");
    Span prefill = named(spans, "prefill");
    Span decode = named(spans, "decode");
    assertThat(spans).hasSize(5);
    assertThat(http.parentId()).isEqualTo(PARENT_SPAN);
    assertThat(http.kind()).isEqualTo(SERVER);
    assertThat(http.resource()).containsEntry("service.name", "gpt2-server");
    assertThat(http.attributes())
        .containsEntry("http.response.header.x-request-id", List.of("traced-1"));
    assertThat(operation.parentId()).isEqualTo(http.id());
    assertThat(operation.kind()).isEqualTo(INTERNAL);
    assertThat(operation.attributes().remove("gen_ai.response.id").toString()).startsWith("cmpl-");
    assertThat(operation.attributes())
        .isEqualTo(
            Map.of(
                "gen_ai.operation.name",
                "text_completion",
                "gen_ai.provider.name",
                "gpt2-server",
                "gen_ai.request.model",
                "gpt2-fairytales",
                "gen_ai.response.model",
                "gpt2-fairytales",
                "gen_ai.request.max_tokens",
                5L,
                "gen_ai.response.finish_reasons",
                List.of("length"),
                "gen_ai.usage.input_tokens",
                2L,
                "gen_ai.usage.output_tokens",
                5L,
                "gen_ai.usage.cache_read.input_tokens",
                0L));
    for (Span phase : List.of(queue, prefill, decode)) {
      assertThat(phase.parentId()).isEqualTo(operation.id());
    }
    // One phase begins where the one before ends.
    assertThat(queue.start()).isEqualTo(operation.start());
    assertThat(prefill.start()).isEqualTo(queue.end()).isGreaterThanOrEqualTo(queue.start());
    assertThat(decode.start()).isEqualTo(prefill.end()).isGreaterThan(prefill.start());
    assertThat(decode.end()).isEqualTo(operation.end()).isGreaterThan(decode.start());
  }

  @Test
  void aTaskIsTraced() throws Exception {
    List<Span> spans =
        trace("4bf92f3577b34da6a3ce929d0e0e4737", "/v1/embeddings", "{\"input\": \"The king\"}");

    Span operation = named(spans, "embeddings gpt2-fairytales");
    assertThat(named(spans, "task").parentId()).isEqualTo(operation.id());
    assertThat(named(spans, "queue").parentId()).isEqualTo(operation.id());
    assertThat(operation.attributes()).containsEntry("gen_ai.usage.input_tokens", 2L);
    assertThat(spans).hasSize(4);
  }

  @Test
  void aRefusalIsTracedWithoutTheModel() throws Exception {
    List<Span> spans =
        trace("4bf92f3577b34da6a3ce929d0e0e4738", "/v1/completions", "{\"prompt\": 7}");

    assertThat(spans).hasSize(1);
    assertThat(spans.get(0).attributes()).containsEntry("status", "400");
  }

  @Test
  void aTraceThatIsNotSampledIsNotSentAndProbesAreNeither() throws Exception {
    String traceId = "4bf92f3577b34da6a3ce929d0e0e4739";
    try (RawHttp http = server.connect()) {
      String headers = "traceparent: 00-%s-%s-00\r\n".formatted(traceId, PARENT_SPAN);
      http.send("GET /v1/models HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n").answer();
      http.send("GET /health HTTP/1.1\r\nHost: test\r\n\r\n").answer();
      http.send("GET /actuator/health/liveness HTTP/1.1\r\nHost: test\r\n\r\n").answer();
      http.send("GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
    List<Span> all = receiver.await(span -> span.attributes().containsValue("/nothing"));

    assertThat(all)
        .noneMatch(span -> span.traceId().equals(traceId))
        .noneMatch(span -> span.name().contains("health"))
        .noneMatch(span -> span.attributes().containsValue("/health"));
  }

  @Test
  void noSpanShowsThePrompt() throws Exception {
    List<Span> spans =
        trace(
            "4bf92f3577b34da6a3ce929d0e0e4740",
            "/v1/completions",
            "{\"prompt\": \"A secret prince\", \"max_tokens\": 2}");

    assertThat(spans.toString()).contains("decode").doesNotContain("secret");
  }
}
