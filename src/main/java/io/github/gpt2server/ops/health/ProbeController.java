package io.github.gpt2server.ops.health;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.error.ErrorResponse;
import io.github.gpt2server.web.error.ErrorType;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirements;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Health at the root, where routers of inference servers look for it. */
@Tag(name = "Health")
@RestController
public class ProbeController {
  private final ServerState state;

  ProbeController(ServerState state) {
    this.state = state;
  }

  /** The answer when the server is ready. */
  @Schema(name = "Health")
  record Up(@Schema(allowableValues = "UP") @JsonProperty("status") String status) {}

  /** The answer when it is not. */
  @Schema(name = "HealthProblem")
  record NotReady(
      @Schema(allowableValues = {"LOADING", "STOPPING", "DEAD"}) @JsonProperty("status")
          String status,
      @Schema(ref = "#/components/schemas/Error") @JsonProperty("error")
          ErrorResponse.Detail error) {}

  /** 200 when requests are answered, else 503 with the reason. */
  @Operation(
      operationId = "getHealth",
      summary = "Check whether the server is ready",
      description = "Needs no API key.")
  @SecurityRequirements
  @ApiResponse(
      responseCode = "200",
      description = "Requests are answered.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = Up.class)))
  @ApiResponse(
      responseCode = "503",
      description = "The model is loading, the server is shutting down, or its engine has failed.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = NotReady.class)))
  @GetMapping(Paths.HEALTH)
  ResponseEntity<Object> health() {
    ServerState.Phase phase = state.phase();
    return switch (phase) {
      case SERVING -> ResponseEntity.ok(new Up("UP"));
      case LOADING -> unavailable(phase, ErrorCode.MODEL_LOADING);
      case STOPPING -> unavailable(phase, ErrorCode.SHUTTING_DOWN);
      case DEAD -> unavailable(phase, ErrorCode.ENGINE_DEAD);
    };
  }

  private ResponseEntity<Object> unavailable(ServerState.Phase phase, ErrorCode code) {
    return ResponseEntity.status(code.status())
        .body(
            new NotReady(
                phase.name(),
                ErrorResponse.Detail.of(ErrorType.SERVER, null, code, state.message(phase))));
  }
}
