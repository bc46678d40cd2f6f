package io.github.gpt2server.ops.status;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.ops.lifecycle.EngineControl;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.ops.metrics.TokenRates;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/status}. */
@Tag(name = "Health")
@RestController
public class StatusController {
  /** Number of characters of a message; with it an answer stays below 1 kB. */
  private static final int MAX_MESSAGE = 120;

  /** The status of an engine that does not exist yet. */
  private static final EngineStatus NO_ENGINE =
      new EngineStatus(0, 0, 0, 0, PrefixCacheStatus.UNUSED, true, false);

  private final ServerState state;
  private final EngineControl engine;
  private final ServedModelHolder holder;
  private final TokenRates rates;

  StatusController(
      ServerState state, EngineControl engine, ServedModelHolder holder, TokenRates rates) {
    this.state = state;
    this.engine = engine;
    this.holder = holder;
    this.rates = rates;
  }

  /** Answers in every phase, and always with 200: {@code /health} is for those that route by it. */
  @Operation(
      operationId = "getStatus",
      summary = "See what the server does now",
      description =
          "Less than 1 kB, for pages that poll. Answers with 200 in every phase: while the model"
              + " loads, during shutdown and after a failure of the engine.")
  @ApiResponse(responseCode = "200", description = "What the server does now.")
  @GetMapping(Paths.STATUS)
  ResponseEntity<ServerStatus> status() {
    return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(current());
  }

  private ServerStatus current() {
    ServerState.Phase phase = state.phase();
    EngineStatus now = engine.status().orElse(NO_ENGINE);
    PrefixCacheStatus prefixes = now.prefixCache();
    return new ServerStatus(
        phase.name().toLowerCase(Locale.ROOT),
        Excerpt.beginning(state.message(phase), MAX_MESSAGE),
        holder.get().map(ServedModel::id).orElse(null),
        now.waiting(),
        now.running(),
        now.slots(),
        new ServerStatus.Caches(
            now.kvCacheUsage(), prefixes.usage(), prefixes.queriedTokens(), prefixes.hitTokens()),
        rates.generated(),
        rates.prompt(),
        ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
  }
}
