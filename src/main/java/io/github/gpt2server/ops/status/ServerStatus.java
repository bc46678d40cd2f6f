package io.github.gpt2server.ops.status;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/** What the server does now. */
@Schema(name = "Status")
record ServerStatus(
    @Schema(allowableValues = {"loading", "serving", "stopping", "dead"}) @JsonProperty("phase")
        String phase,
    @Schema(
            description = "The phase in a sentence; while the model loads, how far that is.",
            example = "Requests are answered.")
        @JsonProperty("message")
        String message,
    @Schema(
            description = "The served model's id; null while it loads.",
            nullable = true,
            example = "gpt2-fairytales")
        @JsonProperty("model")
        String model,
    @Schema(description = "Number of requests that wait.") @JsonProperty("queue") int queue,
    @Schema(description = "Number of sequences that are read or generated.")
        @JsonProperty("running")
        int running,
    @Schema(description = "Number of sequences that can run at once; 0 while the model loads.")
        @JsonProperty("slots")
        int slots,
    @JsonProperty("caches") Caches caches,
    @Schema(description = "Tokens generated per second, over the last ten seconds.")
        @JsonProperty("tokens_per_second")
        double tokensPerSecond,
    @Schema(
            description =
                "Prompt tokens read per second, over the last ten seconds, those from the prefix"
                    + " cache among them.")
        @JsonProperty("prompt_tokens_per_second")
        double promptTokensPerSecond,
    @Schema(description = "Seconds since the process began.") @JsonProperty("uptime_seconds")
        double uptimeSeconds) {

  /** How full the caches are, and what the prefix cache has saved since the start. */
  @Schema(name = "StatusCaches")
  record Caches(
      @Schema(description = "Share of the KV cache's positions in use, 0 to 1.")
          @JsonProperty("kv_cache_usage")
          double kvCacheUsage,
      @Schema(description = "Share of the prefix cache's blocks in use, 0 to 1.")
          @JsonProperty("prefix_cache_usage")
          double prefixCacheUsage,
      @Schema(description = "Prompt tokens looked up in the prefix cache since the start.")
          @JsonProperty("prefix_cache_queries")
          long prefixCacheQueries,
      @Schema(description = "Prompt tokens found in the prefix cache since the start.")
          @JsonProperty("prefix_cache_hits")
          long prefixCacheHits) {}
}
