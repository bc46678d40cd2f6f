package io.github.gpt2server.testing;

import io.github.gpt2server.boot.wiring.OperationsConfiguration;
import io.github.gpt2server.boot.wiring.SecurityConfiguration;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.ops.lifecycle.EngineControl;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.web.tomcat.BodyWaits;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The server's operations on a free port, with a fake engine and an API of one method. */
public final class TestServer implements AutoCloseable {
  private final ConfigurableApplicationContext context;

  /** The context of the management port, or null if it has none of its own. */
  private final ApplicationContext management;

  private final HttpClient client = HttpClient.newHttpClient();
  private final int port;
  private final FakeEngine engine;

  public TestServer(String... options) {
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.add("--server.port=0");
    AtomicReference<ApplicationContext> management = new AtomicReference<>();
    ApplicationListener<WebServerInitializedEvent> listener =
        event -> {
          if ("management".equals(event.getApplicationContext().getServerNamespace())) {
            management.set(event.getApplicationContext());
          }
        };
    this.context =
        new SpringApplicationBuilder(Slim.class)
            .listeners(listener)
            .run(all.toArray(String[]::new));
    this.management = management.get();
    this.engine = context.getBean(FakeEngine.class);
    this.port = Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @ComponentScan("io.github.gpt2server.ops")
  @Import({OperationsConfiguration.class, SecurityConfiguration.class, Api.class})
  static class Slim {
    @Bean(destroyMethod = "")
    @Primary
    FakeEngine fakeEngine() {
      return new FakeEngine();
    }
  }

  /** Takes the place of the API: answers as long as the engine takes requests. */
  @RestController
  static class Api {
    private final EngineControl engine;

    Api(EngineControl engine) {
      this.engine = engine;
    }

    @RequestMapping("/v1/completions")
    ResponseEntity<String> complete() {
      return engine.status().filter(EngineStatus::accepting).isPresent()
          ? ResponseEntity.ok("text")
          : ResponseEntity.status(503).body("stopping");
    }

    @GetMapping({"/tokenizer_info", "/v1/models/{id}", "/"})
    String other() {
      return "other";
    }
  }

  public FakeEngine engine() {
    return engine;
  }

  public ServerState state() {
    return context.getBean(ServerState.class);
  }

  public HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    return send("GET", path, headers);
  }

  /** Asks the management port. */
  public HttpResponse<String> manage(String path, String... headers)
      throws IOException, InterruptedException {
    String management = context.getEnvironment().getProperty("local.management.port");
    return send("GET", Integer.parseInt(management), path, headers);
  }

  /** Opens a connection to the management port. */
  public RawHttp connectToManagement() throws IOException {
    return new RawHttp(
        Integer.parseInt(context.getEnvironment().getProperty("local.management.port")));
  }

  /** Waits until this number of requests at the management port wait for bytes of their bodies. */
  public void awaitManagementBodies(int count) {
    LiveServer.await(() -> management.getBean(BodyWaits.class).count() == count);
  }

  public HttpResponse<String> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    return send(method, port, path, headers);
  }

  private HttpResponse<String> send(String method, int to, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + to + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    engine.becomeIdle();
    context.close();
  }

  /** Closes the context as SIGTERM does, while requests may still run. */
  public void terminate() {
    context.close();
  }
}
