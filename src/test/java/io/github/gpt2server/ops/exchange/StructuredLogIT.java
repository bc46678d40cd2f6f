package io.github.gpt2server.ops.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.OtlpReceiver;
import io.github.gpt2server.testing.OtlpReceiver.Span;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Logs for machines, from a server that also shows prompts: one object a line, nothing else. */
@OneCore
class StructuredLogIT {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PROMPT = "A \\\"secret\\\" prince";

  @TempDir private Path folder;

  @Test
  void logsAreJsonOfTheElasticCommonSchema() throws Exception {
    try (OtlpReceiver receiver = new OtlpReceiver();
        ChildServer server =
            new ChildServer(
                folder,
                "--logging.structured.format.console=ecs",
                "--gpt2.access-log=true",
                "--gpt2.log-prompts=true",
                "--gpt2.max-sequences=2",
                "--management.opentelemetry.tracing.export.otlp.endpoint="
                    + receiver.address()
                    + "/v1/traces",
                "--management.opentelemetry.tracing.export.schedule-delay=10ms")) {
      server.awaitHealth(200);
      complete(server);
      List<Span> spans = receiver.await(span -> span.name().startsWith("text_completion"));
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);

      List<JsonNode> lines =
          server.output().lines().map(line -> JsonMapper.shared().readTree(line)).toList();
      assertThat(lines)
          .hasSizeGreaterThanOrEqualTo(3)
          .allSatisfy(
              line -> {
                assertThat(line.at("/service/name").stringValue()).isEqualTo("gpt2-server");
                assertThat(line.at("/log/level").stringValue()).isEqualTo("INFO");
                assertThat(line.at("/@timestamp").stringValue()).startsWith("20");
              });
      assertThat(lines).anyMatch(line -> message(line).startsWith("gpt2-fairytales (6.4M par"));
      assertAccess(lines.stream().filter(line -> line.has("event")).findFirst().orElseThrow());
      assertThat(server.errors()).isEmpty();
      assertThat(
              spans.stream()
                  .filter(span -> span.name().startsWith("text_completion"))
                  .findFirst()
                  .orElseThrow()
                  .attributes()
                  .get("gen_ai.input.messages")
                  .toString())
          .contains("\"role\":\"user\"")
          .contains("\"type\":\"text\"")
          .contains("\"content\":\"" + PROMPT + "\"");
    }
  }

  private static void complete(ChildServer server) throws IOException {
    try (RawHttp http = server.connect()) {
      String post =
          RawHttp.post(
              "/v1/completions",
              "{\"prompt\": \"" + PROMPT + "\", \"max_tokens\": 3, \"ignore_eos\": true}");
      int line = post.indexOf("\r\n") + 2;
      http.send(
              post.substring(0, line)
                  + "X-Request-Id: json-1\r\ntraceparent: 00-%s-00f067aa0ba902b7-01\r\n"
                      .formatted(TRACE)
                  + post.substring(line))
          .answer();
    }
  }

  private static String message(JsonNode line) {
    return line.get("message").stringValue();
  }

  private static void assertAccess(JsonNode line) {
    assertThat(message(line)).startsWith("POST /v1/completions 200 success ");
    assertThat(line.at("/http/request/id").stringValue()).isEqualTo("json-1");
    assertThat(line.at("/http/request/method").stringValue()).isEqualTo("POST");
    assertThat(line.at("/http/response/status_code").intValue()).isEqualTo(200);
    assertThat(line.at("/url/path").stringValue()).isEqualTo("/v1/completions");
    assertThat(line.at("/client/address").stringValue()).isEqualTo("127.0.0.1");
    assertThat(line.at("/event/outcome").stringValue()).isEqualTo("success");
    assertThat(line.at("/gpt2/outcome").stringValue()).isEqualTo("success");
    assertThat(line.at("/event/duration").longValue()).isPositive();
    assertThat(line.at("/gen_ai/operation/name").stringValue()).isEqualTo("text_completion");
    assertThat(line.at("/gen_ai/response/model").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(line.at("/gen_ai/usage/output_tokens").intValue()).isEqualTo(3);
    assertThat(line.get("trace.id").stringValue()).isEqualTo(TRACE);
    assertThat(line.at("/gpt2/prompts").stringValue()).isEqualTo("[\"" + PROMPT + "\"]");
  }
}
