package io.github.gpt2server.web.error;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.web.ServerSentEvents;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Java has no memory on a thread that serves a request: that request ends, with an answer. */
@OwnServer(value = "--server.http2.enabled=true", configurations = HttpShortageIT.Hungry.class)
class HttpShortageIT {
  private static LiveServer server;
  private static List<Thread> ended;

  @Configuration(proxyBeanMethods = false)
  static class Hungry {
    @Bean
    HungryController hungryController() {
      return new HungryController();
    }

    @Bean
    FilterRegistrationBean<HungryErrorPage> hungryErrorPage() {
      FilterRegistrationBean<HungryErrorPage> registration =
          new FilterRegistrationBean<>(new HungryErrorPage());
      registration.setDispatcherTypes(DispatcherType.ERROR);
      return registration;
    }

    /** Outside of every filter. */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> hungryValve() {
      return factory -> factory.addEngineValves(new HungryValve());
    }
  }

  static final class HungryValve extends ValveBase {
    HungryValve() {
      super(true);
    }

    @Override
    public void invoke(Request request, Response response)
        throws IOException, jakarta.servlet.ServletException {
      if (request.getRequestURI().equals("/hungry/valve")) {
        throw hunger();
      }
      getNext().invoke(request, response);
    }
  }

  private static OutOfMemoryError hunger() {
    return new OutOfMemoryError("Java heap space");
  }

  /** What the serializer gets no memory for, at once or when much has been sent. */
  record Answer(@JsonProperty("sent") String sent) {
    @JsonProperty("rest")
    @SuppressWarnings("DoNotCallSuggester") // Jackson does.
    String rest() {
      throw hunger();
    }
  }

  /** Its handler gets no memory. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int handler;

    RefusedException(int handler) {
      super("refused");
      this.handler = handler;
    }
  }

  /** Gets no memory for the container's error page. */
  @SuppressWarnings("serial")
  static final class HungryErrorPage extends HttpFilter {
    @Override
    protected void doFilter(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      if ("/hungry/page".equals(request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI))) {
        throw hunger();
      }
      chain.doFilter(request, response);
    }
  }

  @RestController
  static class HungryController {
    @GetMapping("/hungry/refusal")
    String refusal() {
      throw new RefusedException(1);
    }

    @GetMapping("/hungry/refusal-body")
    String refusalBody() {
      throw new RefusedException(2);
    }

    @GetMapping("/hungry/refusal-stack")
    String refusalStack() {
      throw new RefusedException(3);
    }

    @ExceptionHandler
    @ResponseStatus(HttpStatus.BAD_REQUEST)
    Answer refuse(RefusedException e) {
      switch (e.handler) {
        case 1 -> throw hunger();
        case 2 -> {
          return new Answer("little");
        }
        default -> throw new StackOverflowError();
      }
    }

    @GetMapping("/hungry/page")
    void page(HttpServletResponse response) throws IOException {
      response.sendError(400);
    }

    @GetMapping("/hungry/handler")
    String handler() {
      throw hunger();
    }

    @GetMapping("/hungry/cause")
    String cause() {
      throw new IllegalStateException(new IllegalStateException(hunger()));
    }

    @GetMapping("/hungry/serializer")
    Answer serializer() {
      return new Answer("little");
    }

    @GetMapping("/hungry/midway")
    Answer midway() {
      return new Answer("x".repeat(1_000_000));
    }

    @GetMapping("/hungry/stream")
    void stream(HttpServletResponse response) {
      ServerSentEvents out = new ServerSentEvents(response, JsonMapper.shared().writer());
      out.run(
          "stream",
          () -> {
            out.data(1);
            out.flush();
            out.data(new Answer("half an event"));
          });
    }
  }

  @BeforeAll
  static void start() {
    ended = new java.util.concurrent.CopyOnWriteArrayList<>();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> ended.add(thread));
  }

  @AfterAll
  static void stop() {
    Thread.setDefaultUncaughtExceptionHandler(null);
  }

  @AfterEach
  void theServerGoesOn() throws IOException {
    assertThat(ended).isEmpty();
    assertThat(server.ask("/v1/completions", "{\"max_tokens\": 2}").get("choices")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"handler", "cause", "serializer", "refusal", "refusal-body", "page"})
  void whatHasNotBegunIs503(String place) throws IOException {
    RawHttp.Answer answer;
    try (RawHttp http = server.connect()) {
      answer = http.send(get(place)).answer();
    }

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsEntry("retry-after", "5").containsKey("x-request-id");
    assertThat(JsonMapper.shared().readTree(answer.body()).at("/error/code").stringValue())
        .isEqualTo("out_of_memory");
  }

  @Test
  void anotherErrorInAnExceptionHandlerIs500() throws IOException {
    RawHttp.Answer answer;
    try (RawHttp http = server.connect()) {
      answer = http.send(get("refusal-stack")).answer();
    }

    assertThat(answer.status()).isEqualTo(500);
    assertThat(JsonMapper.shared().readTree(answer.body()).at("/error/code").stringValue())
        .isEqualTo("internal_error");
  }

  @Test
  void aStreamEndsWithAnErrorEvent() throws IOException {
    try (RawHttp http = server.connect()) {
      assertThat(http.send(get("stream")).answer().body())
          .startsWith(
              "data: 1\n\nevent: error\ndata: {\"error\":{\"message\":\"The server does not")
          .endsWith("\"code\":\"out_of_memory\"}}\n\n");
    }
  }

  /** A client must not take half an answer for a whole one. */
  @Test
  void anAnswerThatHasBegunEndsWithItsConnection() throws IOException {
    try (RawHttp http = server.connect()) {
      String all = http.send(get("midway")).rest();

      assertThat(all).startsWith("HTTP/1.1 200").doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void whatFailsOutsideOfEveryFilterEndsItsConnection() throws IOException {
    try (RawHttp http = server.connect()) {
      assertThat(http.send(get("valve")).rest()).isEmpty();
    }
  }

  @Test
  void anHttp2StreamFailsAndItsConnectionGoesOn() throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    assertThat(send(client, "health").version()).isEqualTo(HttpClient.Version.HTTP_2);

    assertThat(send(client, "hungry/valve").statusCode()).isEqualTo(500);

    assertThat(send(client, "health").statusCode()).isEqualTo(200);
  }

  private static HttpResponse<String> send(HttpClient client, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.base().resolve(path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String get(String place) {
    return "GET /hungry/" + place + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
}
