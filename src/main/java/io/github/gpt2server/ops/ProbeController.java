package io.github.gpt2server.ops;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Health and metrics at the root, where routers of inference servers look for them. */
@RestController
class ProbeController {
  private static final String TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

  private final ServerState state;
  private final PrometheusMeterRegistry registry;

  ProbeController(ServerState state, PrometheusMeterRegistry registry) {
    this.state = state;
    this.registry = registry;
  }

  /** What is answered when the server is ready. */
  record Up(String status) {}

  /** What is answered when it is not. */
  record NotReady(String status, ErrorEnvelope.Problem error) {}

  /** 200 when requests are answered, else 503 with the reason. */
  @GetMapping("/health")
  ResponseEntity<Object> health() {
    return switch (state.phase()) {
      case SERVING -> ResponseEntity.ok(new Up("UP"));
      case LOADING -> unavailable("LOADING", state.loadingMessage(), "model_loading");
      case STOPPING -> unavailable("STOPPING", "The server is shutting down.", "shutting_down");
      case DEAD ->
          unavailable(
              "DEAD", "The engine has stopped on an error; restart the server.", "engine_dead");
    };
  }

  /** Prometheus' text format, the same as {@code /actuator/prometheus}. */
  @GetMapping("/metrics")
  ResponseEntity<String> metrics() {
    return ResponseEntity.ok()
        .header("Content-Type", TEXT_FORMAT)
        .body(registry.scrape(TEXT_FORMAT));
  }

  private static ResponseEntity<Object> unavailable(String status, String message, String code) {
    return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
        .body(new NotReady(status, new ErrorEnvelope.Problem(message, "server_error", null, code)));
  }
}
