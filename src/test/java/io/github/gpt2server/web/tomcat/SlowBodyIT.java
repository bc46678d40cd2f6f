package io.github.gpt2server.web.tomcat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.web.error.ApiException;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.springframework.mock.web.DelegatingServletInputStream;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

/** Clients that send their bodies slowly do not hold all threads: 16 here, of which one has two. */
@EnabledOnOs(OS.LINUX)
@OwnServer({"--server.tomcat.threads.max=16", "--spring.threads.virtual.enabled=false"})
class SlowBodyIT {
  private static final String BODY = "{\"max_tokens\": 1}";
  private static final String WHOLE = RawHttp.post("/v1/completions", BODY);
  private static final String HALF = WHOLE.substring(0, WHOLE.length() - 5);
  private static final String REST = WHOLE.substring(HALF.length());

  private static LiveServer server;

  @Test
  void oneClientWaitsForTwoBodiesAndOthersForTheirs() throws Exception {
    try (RawHttp first = half("127.0.0.1");
        RawHttp second = half("127.0.0.1")) {
      server.awaitBodies(2);

      try (RawHttp third = half("127.0.0.1")) {
        RawHttp.Answer refusal = third.answer();
        assertThat(refusal.status()).isEqualTo(503);
        assertThat(refusal.headers()).containsKey("retry-after");
        assertThat(refusal.body()).contains("wait for the rest of their bodies");
      }
      try (RawHttp other = half("127.0.0.2")) {
        server.awaitBodies(3);
        assertThat(other.send(REST).answer().status()).isEqualTo(200);
      }
      assertThat(server.post("/v1/completions", BODY).status()).isEqualTo(200);
      assertThat(first.send(REST).answer().status()).isEqualTo(200);
      assertThat(second.send(REST).answer().status()).isEqualTo(200);
    }
    server.awaitBodies(0);
  }

  @Test
  void allClientsTogetherWaitForHalfTheThreads() throws Exception {
    RawHttp[] crowd = new RawHttp[8];
    for (int i = 0; i < crowd.length; i++) {
      crowd[i] = half("127.0.1." + (1 + i));
    }
    server.awaitBodies(8);
    try (RawHttp late = half("127.0.0.1")) {
      assertThat(late.answer().status()).isEqualTo(503);
    }
    for (RawHttp each : crowd) {
      assertThat(each.send(REST).answer().status()).isEqualTo(200);
      each.close();
    }
    server.awaitBodies(0);
  }

  @Test
  void bodiesThatNobodyReadsAreAwaitedOfFewToo() throws Exception {
    String unread = "GET /health HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n{";
    try (RawHttp first = server.connect().send(unread);
        RawHttp second = server.connect().send(unread)) {
      assertThat(first.answer().status()).isEqualTo(200);
      assertThat(second.answer().status()).isEqualTo(200);
      server.awaitBodies(2);

      try (RawHttp third = server.connect().send(unread)) {
        assertThat(third.answer().status()).isEqualTo(200);
        assertThat(third.rest()).isEmpty();
      }
      // What has come to its end leaves the connection to the next request.
      first.send("    GET /health HTTP/1.1\r\nHost: test\r\n\r\n");
      assertThat(first.answer().status()).isEqualTo(200);
    }
    server.awaitBodies(0);
  }

  @Test
  void aFormIsRefusedBeforeItHasCome() throws Exception {
    String form =
        "PUT /v1/completions HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\n\r\na=";
    try (RawHttp http = server.connect().send(form)) {
      assertThat(http.answer().status()).isEqualTo(405);
    }
  }

  /** As Tomcat's stream does behind more trailer fields than it takes. */
  @Test
  void manyTrailerFieldsAreNoFailureOfTheServer() {
    MockHttpServletRequest request =
        new MockHttpServletRequest() {
          @Override
          public ServletInputStream getInputStream() {
            return new DelegatingServletInputStream(
                new ByteArrayInputStream(new byte[1]) {
                  @Override
                  public synchronized int read() {
                    throw new IllegalStateException("More than the maximum number of headers");
                  }

                  @Override
                  public synchronized int read(byte[] buffer, int start, int length) {
                    return read();
                  }
                });
          }
        };
    assertThatThrownBy(
            () ->
                new SlowBodyFilter(new BodyWaits(16))
                    .doFilter(
                        request,
                        new MockHttpServletResponse(),
                        (wrapped, response) -> wrapped.getInputStream().readAllBytes()))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().value()).isEqualTo(400);
              assertThat(e).hasMessageContaining("trailer fields");
            });
  }

  private static RawHttp half(String address) throws IOException {
    return server.connectFrom(address).send(HALF);
  }
}
