package io.github.gpt2server.testing;

import io.github.gpt2server.Gpt2ServerApplication;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.web.tomcat.BodyWaits;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole server with the embedded model, on a free port. */
public final class LiveServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ConfigurableApplicationContext context;
  private final int port;

  /**
   * The application as it is, without classes that tests put beside it on the class path; itself no
   * configuration that others would find.
   */
  @EnableAutoConfiguration
  @ComponentScan(
      basePackageClasses = Gpt2ServerApplication.class,
      excludeFilters = {
        @ComponentScan.Filter(type = FilterType.REGEX, pattern = ".*(Test|IT\\b).*"),
        @ComponentScan.Filter(
            type = FilterType.ASSIGNABLE_TYPE,
            classes = Gpt2ServerApplication.class)
      })
  static class Whole {}

  /** Starts the server and waits until it answers. */
  public LiveServer(String... options) {
    this(List.of(), options);
  }

  /** Starts the server with additional configurations. */
  public LiveServer(List<Class<?>> configurations, String... options) {
    SpringApplication application = new SpringApplication(Whole.class);
    application.addPrimarySources(configurations);
    String[] all = Arrays.copyOf(options, options.length + 1);
    all[options.length] = "--server.port=0";
    context = application.run(all);
    port = Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
    await(() -> context.getBean(ServedModelHolder.class).get().isPresent());
  }

  /** The address at which its paths begin. */
  public URI base() {
    return URI.create("http://localhost:" + port + "/");
  }

  /** The served model. */
  public ServedModel model() {
    return context.getBean(ServedModelHolder.class).get().orElseThrow();
  }

  /** Opens a connection. */
  public RawHttp connect() throws IOException {
    return new RawHttp(port);
  }

  /** Opens a connection from this one of the machine's addresses. */
  public RawHttp connectFrom(String address) throws IOException {
    return new RawHttp(port, 0, InetAddress.getByName(address));
  }

  /** Opens a connection whose receive buffer is this small. */
  public RawHttp connect(int receiveBuffer) throws IOException {
    return new RawHttp(port, receiveBuffer);
  }

  /** Posts a body over a connection of its own. */
  public RawHttp.Answer post(String path, String json) throws IOException {
    try (RawHttp http = connect()) {
      return http.send(RawHttp.post(path, json)).answer();
    }
  }

  /** Posts a body and expects a JSON answer with status 200. */
  public JsonNode ask(String path, String json) throws IOException {
    RawHttp.Answer answer = post(path, json);
    if (answer.status() != 200) {
      throw new AssertionError(answer.status() + " " + answer.body());
    }
    return JsonMapper.shared().readTree(answer.body());
  }

  /** Posts a body that is wrong and gives the error of the answer, with status 400. */
  public JsonNode refusal(String path, String json) throws IOException {
    RawHttp.Answer answer = post(path, json);
    if (answer.status() != 400) {
      throw new AssertionError(answer.status() + " " + answer.body());
    }
    return JsonMapper.shared().readTree(answer.body()).get("error");
  }

  /** Waits until the engine's status is as wished. */
  public void awaitStatus(Predicate<EngineStatus> wish) {
    await(() -> wish.test(model().engine().status()));
  }

  /** Waits until this number of requests have a thread. */
  public void awaitRequests(int count) {
    await(() -> activeRequests() == count);
  }

  /** Waits until this number of requests wait for bytes of their bodies. */
  public void awaitBodies(int count) {
    await(() -> context.getBean(BodyWaits.class).count() == count);
  }

  private int activeRequests() {
    return context
        .getBean(MeterRegistry.class)
        .find("http.server.requests.active")
        .longTaskTimers()
        .stream()
        .mapToInt(LongTaskTimer::activeTasks)
        .sum();
  }

  /** Waits until something is so. */
  public static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not come to that in " + PATIENCE);
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
