package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import tools.jackson.databind.json.JsonMapper;

/** What is done before the engine has a request ends with it, too. */
class AbortCheckIT {
  private static final Duration LONG = Duration.ofHours(1);

  @BeforeEach
  void enter() {
    RequestContextHolder.setRequestAttributes(
        new ServletRequestAttributes(new MockHttpServletRequest()));
  }

  @AfterEach
  void leave() {
    RequestContextHolder.resetRequestAttributes();
    ClientConnection.leave();
  }

  @Test
  void endsForAClientWhoHasLeft() {
    ClientConnection.enter(() -> true);
    AbortCheck.begin(LONG);

    assertThatExceptionOfType(ClientGoneException.class).isThrownBy(AbortCheck.current()::check);
  }

  @Test
  void endsWhenTheTimeIsOver() {
    AbortCheck.begin(Duration.ZERO);

    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(AbortCheck.current()::check)
        .satisfies(e -> assertThat(e.status().value()).isEqualTo(504));
  }

  @Test
  void goesOnOtherwise() {
    ClientConnection.enter(() -> false);
    assertThatCode(AbortCheck.current()::check).doesNotThrowAnyException();
    AbortCheck.begin(LONG);
    assertThatCode(AbortCheck.current()::check).doesNotThrowAnyException();
  }

  /** The text takes seconds. */
  @Test
  void aLongTextIsNotTokenizedBeyondTheTime() throws IOException {
    try (LiveServer server = new LiveServer("--gpt2.request-timeout=50ms");
        RawHttp http = server.connect()) {
      String text = "once upon a time ".repeat(400_000);
      RawHttp.Answer answer =
          http.send(RawHttp.post("/v1/tokenize", "{\"text\": \"" + text + "\"}")).answer();

      assertThat(answer.status()).isEqualTo(504);
      assertThat(JsonMapper.shared().readTree(answer.body()).at("/error/code").stringValue())
          .isEqualTo("timeout");
    }
  }
}
