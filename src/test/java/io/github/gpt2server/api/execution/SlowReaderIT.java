package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import tools.jackson.databind.json.JsonMapper;

/** Clients that do not read what they asked for: it costs them, not the others. */
@OneCore
class SlowReaderIT {
  private static final String STREAM =
      "{\"prompt\": \"Once upon a time\", \"max_tokens\": 500, \"ignore_eos\": true,"
          + " \"temperature\": 0";

  private LiveServer server;

  /**
   * The kernel would take megabytes of a stream before the server noticed that the client does not
   * read.
   */
  static class SmallSendBuffer {

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> smallSendBuffer() {
      return factory ->
          factory.addConnectorCustomizers(
              connector ->
                  ((AbstractHttp11Protocol<?>) connector.getProtocolHandler())
                      .setProperty("socket.txBufSize", "4096"));
    }
  }

  private void start(String... options) {
    server = new LiveServer(List.of(SmallSendBuffer.class), options);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theSlotIsFreeBeforeAnythingIsReadAndTheTextIsWholeAtLast() throws IOException {
    start("--gpt2.max-sequences=2");
    String text = server.ask("/v1/completions", STREAM + "}").at("/choices/0/text").stringValue();
    try (RawHttp slow = server.connect(1)) {
      slow.send(RawHttp.post("/v1/completions", STREAM + ", \"stream\": true}"));
      slow.awaitBytes();
      server.awaitStatus(status -> status.running() == 0);
      assertThat(server.ask("/v1/completions", STREAM + "}").at("/choices/0/text").stringValue())
          .isEqualTo(text);
      // Its thread still waits for room to write.
      server.awaitRequests(1);
      String body = slow.answer().body();

      assertThat(body).endsWith("data: [DONE]\n\n");
      assertThat(joined(body)).isEqualTo(text);
    }
  }

  @Test
  void whoNeverReadsIsGivenUp() throws Exception {
    start("--gpt2.max-sequences=2", "--server.tomcat.connection-timeout=1s");
    try (RawHttp slow = server.connect(1)) {
      slow.send(RawHttp.post("/v1/completions", STREAM + ", \"stream\": true}"));
      slow.awaitBytes();
      server.awaitStatus(status -> status.running() == 0);
      server.awaitRequests(0);

      assertThat(slow.rest()).startsWith("HTTP/1.1 200").doesNotContain("[DONE]");
    }
  }

  @Test
  void thirtyTwoOfThemDoNotBlockTheOthers() throws Exception {
    start("--gpt2.max-sequences=32");
    String text = server.ask("/v1/completions", STREAM + "}").at("/choices/0/text").stringValue();
    List<RawHttp> slow = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      slow.add(
          server.connect(1).send(RawHttp.post("/v1/completions", STREAM + ", \"stream\": true}")));
    }
    for (RawHttp client : slow) {
      client.awaitBytes();
    }

    try (RawHttp http = server.connect()) {
      assertThat(http.send("GET /health HTTP/1.1\r\nHost: test\r\n\r\n").answer().status())
          .isEqualTo(200);
    }
    // While they generate and after it.
    for (int i = 0; i < 2; i++) {
      String stream = server.post("/v1/completions", STREAM + ", \"stream\": true}").body();
      assertThat(joined(stream)).isEqualTo(text);
      server.awaitStatus(status -> status.running() == 0);
    }
    server.awaitRequests(32);

    for (RawHttp client : slow) {
      client.leave();
    }
    server.awaitRequests(0);
  }

  /** The text of a whole stream of one choice. */
  private static String joined(String stream) {
    return stream
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JsonMapper.shared().readTree(line.substring("data: ".length())))
        .map(chunk -> chunk.at("/choices/0/text").stringValue())
        .collect(Collectors.joining());
  }
}
