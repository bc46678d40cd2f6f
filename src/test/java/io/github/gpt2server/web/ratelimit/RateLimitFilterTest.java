package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class RateLimitFilterTest {
  private final RateLimitFilter filter =
      new RateLimitFilter(
          new RateLimiter(new RateLimitOptions(2, 0, 1, Map.of()), Set::of, new TestClock()),
          request -> request.getMethod().equals("POST"));

  private MockHttpServletResponse filtered(String method, FilterChain chain)
      throws ServletException, IOException {
    MockHttpServletResponse response = new MockHttpServletResponse();
    filter.doFilter(new MockHttpServletRequest(method, "/"), response, chain);
    return response;
  }

  @Test
  void whatIsFreeIsNeitherCountedNorRefused() throws Exception {
    AtomicInteger handled = new AtomicInteger();
    for (int i = 0; i < 5; i++) {
      MockHttpServletResponse response = filtered("GET", (a, b) -> handled.incrementAndGet());
      assertThat(response.getHeaderNames()).isEmpty();
    }
    assertThat(handled.get()).isEqualTo(5);
  }

  @Test
  void oneMoreIsAnsweredWithoutItsHandler() throws Exception {
    filtered("POST", (a, b) -> {});
    filtered("POST", (a, b) -> {});

    MockHttpServletResponse refused =
        filtered(
            "POST",
            (a, b) -> {
              throw new AssertionError("handled");
            });

    assertThat(refused.getStatus()).isEqualTo(429);
    assertThat(refused.getHeader("Retry-After")).isEqualTo("30");
    assertThat(refused.getContentAsString())
        .contains("The limit of all requests without an API key is 2 requests per minute");
  }

  @Test
  void aHandlerThatFailsEndsItsRequest() throws Exception {
    assertThatThrownBy(
            () ->
                filtered(
                    "POST",
                    (a, b) -> {
                      throw new ServletException("broken");
                    }))
        .hasMessage("broken");

    assertThat(filtered("POST", (a, b) -> {}).getStatus()).isEqualTo(200);
  }

  /** A client that has the whole answer may send the next request at once. */
  @ParameterizedTest
  @CsvSource({
    "application/json, whol",
    "text/event-stream;charset=UTF-8, whole",
  })
  void onlyStreamsAreSentWholeBeforeTheirEnd(String type, String sent) throws Exception {
    MockHttpServletResponse answer = new MockHttpServletResponse();
    filter.doFilter(
        new MockHttpServletRequest("POST", "/"),
        answer,
        (request, response) -> {
          response.setContentType(type);
          response.getOutputStream().write("who".getBytes(StandardCharsets.UTF_8));
          response.getOutputStream().write('l');
          response.getOutputStream().write("-e-".getBytes(StandardCharsets.UTF_8), 1, 1);
          response.getOutputStream().write(new byte[0]);
          response.getOutputStream().close();
          response.flushBuffer();
          assertThat(answer.isCommitted()).isTrue();
          assertThat(answer.getContentAsString()).isEqualTo(sent);
        });

    assertThat(answer.getContentAsString()).isEqualTo("whole");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsLeftOfAnAnswerThatIsReplaced(boolean headers) throws Exception {
    MockHttpServletResponse answer = new MockHttpServletResponse();
    filter.doFilter(
        new MockHttpServletRequest("POST", "/"),
        answer,
        (request, response) -> {
          response.getOutputStream().write('1');
          if (headers) {
            response.reset();
          } else {
            response.resetBuffer();
          }
          response.getOutputStream().write('2');
        });

    assertThat(answer.getContentAsString()).isEqualTo("2");
  }
}
