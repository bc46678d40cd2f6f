package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;

/**
 * Where the time of a request went, under llama.cpp's names, and the time in the queue. Of several
 * sequences the first to begin and to have read its prompt counts, and the last to end.
 */
@Schema(
    name = "Timings",
    description =
        "With timings, where the time went, by llama.cpp's names. Numbers of tokens are those of"
            + " usage.")
public record Timings(
    @Schema(description = "Number of prompt tokens from the prefix cache.") @JsonProperty("cache_n")
        int cacheN,
    @Schema(description = "Number of prompt tokens that were computed.") @JsonProperty("prompt_n")
        int promptN,
    @Schema(description = "Milliseconds from the first slot until a prompt is read.")
        @JsonProperty("prompt_ms")
        double promptMs,
    @Schema(description = "Null if no prompt token was computed.", nullable = true)
        @JsonProperty("prompt_per_token_ms")
        Double promptPerTokenMs,
    @Schema(description = "Null if no prompt token was computed.", nullable = true)
        @JsonProperty("prompt_per_second")
        Double promptPerSecond,
    @Schema(description = "Number of tokens generated, of all choices.")
        @JsonProperty("predicted_n")
        int predictedN,
    @Schema(description = "Milliseconds from there to the end.") @JsonProperty("predicted_ms")
        double predictedMs,
    @Schema(description = "Null if no token was generated.", nullable = true)
        @JsonProperty("predicted_per_token_ms")
        Double predictedPerTokenMs,
    @Schema(description = "Null if no token was generated.", nullable = true)
        @JsonProperty("predicted_per_second")
        Double predictedPerSecond,
    @Schema(description = "Milliseconds from the arrival at the engine to the first slot.")
        @JsonProperty("queue_ms")
        double queueMs) {

  /**
   * The timings of a request that has ended.
   *
   * @param usage its numbers of tokens
   */
  static Timings of(RequestProgress progress, Usage usage) {
    double end = millis(progress.untilEnd().orElseThrow());
    double start = progress.untilStart().map(Timings::millis).orElse(end);
    // A beam search gives all of its tokens at the end.
    double first =
        progress.untilPromptRead().or(progress::untilFirstToken).map(Timings::millis).orElse(end);
    int cached = usage.promptTokensDetails().cachedTokens();
    int prompt = usage.promptTokens() - cached;
    int predicted = usage.completionTokens();
    return new Timings(
        cached,
        prompt,
        first - start,
        quotient(first - start, prompt),
        quotient(1e3 * prompt, first - start),
        predicted,
        end - first,
        quotient(end - first, predicted),
        quotient(1e3 * predicted, end - first),
        start);
  }

  private static Double quotient(double dividend, double divisor) {
    return dividend == 0 || divisor == 0 ? null : dividend / divisor;
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
