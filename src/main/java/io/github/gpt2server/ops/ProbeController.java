package io.github.gpt2server.ops;

import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Health at the root, where routers of inference servers look for it. */
@RestController
public class ProbeController {
  private final ServerState state;

  ProbeController(ServerState state) {
    this.state = state;
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

  private static ResponseEntity<Object> unavailable(String status, String message, String code) {
    return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
        .body(new NotReady(status, new ErrorEnvelope.Problem(message, "server_error", null, code)));
  }
}
