package io.github.gpt2server.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a server counts, after requests of which everything is known. */
// The number of steps is what it is without draft tokens.
@OwnServer({"--gpt2.max-sequences=4", "--gpt2.max-queue=8", "--gpt2.speculation=off"})
class MetricsIT {
  private static LiveServer server;
  private static Scrape scrape;

  @BeforeAll
  static void ask() throws Exception {
    // 4 + 2 tokens of prompts, 5 + 3 are generated.
    server.ask(
        "/v1/completions",
        "{\"prompt\": \"Once upon a time\", \"max_tokens\": 5, \"ignore_eos\": true}");
    server.post(
        "/v1/completions",
        "{\"prompt\": \"The king\", \"max_tokens\": 3, \"ignore_eos\": true, \"stream\": true}");
    server.refusal("/v1/completions", "{\"prompt\": \"The king\", \"max_tokens\": -1}");
    server.post("/v1/completions", "{\"prompt\": \"The king\", \"model\": \"made-up\"}");
    server.ask("/v1/embeddings", "{\"input\": [\"The king\", \"Once upon a time\"]}");
    server.ask("/v1/next-token", "{\"prompt\": \"The king\"}");
    server.ask("/v1/tokenize", "{\"text\": \"The king\"}");
    scrape =
        Scrape.await(server, s -> requests(s) == 6 && s.value("gpt2_step_sequences_count") == 9);
  }

  private static double requests(Scrape scrape) {
    return scrape.value("gpt2_requests_total");
  }

  @Test
  void requestsAreCountedByOperationAndOutcome() {
    assertThat(requests("text_completion", "success")).isEqualTo(2);
    assertThat(requests("text_completion", "refused")).isEqualTo(2);
    assertThat(requests("embeddings", "success")).isEqualTo(1);
    assertThat(requests("next_token", "success")).isEqualTo(1);
    assertThat(scrape.samples("gpt2_requests_total")).hasSize(7 * 8);
  }

  private static double requests(String operation, String outcome) {
    return scrape.value("gpt2_requests_total", "operation", operation, "outcome", outcome);
  }

  @Test
  void theConventionsMetersHaveTheirAttributes() {
    String duration = "gen_ai_server_request_duration_seconds_count";
    Map<String, String> labels =
        Map.of(
            "gen_ai_operation_name", "text_completion",
            "gen_ai_provider_name", "gpt2-server",
            "gen_ai_request_model", "gpt2-fairytales",
            "gen_ai_response_model", "gpt2-fairytales");

    assertThat(scrape.samples("gen_ai_server_time_to_first_token_seconds_count"))
        .containsExactly(
            new Scrape.Sample("gen_ai_server_time_to_first_token_seconds_count", labels, 2));
    assertThat(scrape.samples("gen_ai_server_time_per_output_token_seconds_count"))
        .containsExactly(
            new Scrape.Sample("gen_ai_server_time_per_output_token_seconds_count", labels, 2));
    for (Map.Entry<String, Integer> error : Map.of("", 2, "400", 1, "404", 1).entrySet()) {
      assertThat(
              scrape.value(
                  duration,
                  "gen_ai_operation_name",
                  "text_completion",
                  "error_type",
                  error.getKey()))
          .as("error_type %s", error.getKey())
          .isEqualTo(error.getValue().doubleValue());
    }
    assertThat(scrape.value(duration, "gen_ai_operation_name", "embeddings")).isEqualTo(1);
    assertThat(scrape.value(duration)).isEqualTo(6);
  }

  @Test
  void theConventionsMetersHaveTheirBuckets() {
    assertThat(scrape.boundaries("gen_ai_server_request_duration_seconds"))
        .isEqualTo(
            List.of(
                "0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64", "1.28", "2.56", "5.12",
                "10.24", "20.48", "40.96", "81.92"));
    assertThat(scrape.boundaries("gen_ai_server_time_to_first_token_seconds"))
        .isEqualTo(
            List.of(
                "0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5",
                "0.75", "1.0", "2.5", "5.0", "7.5", "10.0"));
    assertThat(scrape.boundaries("gen_ai_server_time_per_output_token_seconds"))
        .isEqualTo(
            List.of(
                "0.01", "0.025", "0.05", "0.075", "0.1", "0.15", "0.2", "0.3", "0.4", "0.5", "0.75",
                "1.0", "2.5"));
  }

  @Test
  void tokensAreCounted() {
    // What next-token read is among them: two tokens.
    assertThat(scrape.value("gpt2_prompt_tokens_total")).isEqualTo(4 + 2 + 2);
    assertThat(scrape.value("gpt2_generation_tokens_total")).isEqualTo(5 + 3);
    assertThat(scrape.value("gpt2_request_generation_tokens_sum", "operation", "text_completion"))
        .isEqualTo(5 + 3);
    assertThat(scrape.value("gpt2_request_prompt_tokens_sum", "operation", "embeddings"))
        .isEqualTo(2 + 4);
  }

  @Test
  void stepsAreTimedByKind() {
    // A prompt's step picks the first token; each other token takes one of its own.
    assertThat(steps("decode")).isEqualTo(4 + 2);
    assertThat(steps("prefill")).isEqualTo(3);
    assertThat(steps("mixed")).isZero();
    assertThat(steps("task")).isPositive();
    assertThat(scrape.value("gpt2_step_sequences_count")).isEqualTo(9);
    assertThat(scrape.value("gpt2_step_sequences_sum")).isEqualTo(9);
    assertThat(scrape.value("gpt2_queue_wait_seconds_count")).isEqualTo(4);
  }

  private static double steps(String kind) {
    return scrape.value("gpt2_step_duration_seconds_count", "kind", kind);
  }

  @Test
  void memoryAndPhaseAreTold() {
    assertThat(scrape.value("process_resident_memory_bytes"))
        .isBetween(1e8, scrape.value("gpt2_memory_limit_bytes"));
    assertThat(scrape.value("gpt2_phase", "phase", "serving")).isEqualTo(1);
    assertThat(scrape.value("gpt2_phase")).isEqualTo(1);
  }

  @Test
  void whatClientsMakeUpBecomesNoLabel() {
    assertThat(scrape.text()).doesNotContain("made-up");
  }

  @Test
  void aClientThatLeavesIsCountedAsCancelled() throws Exception {
    double before = requests("text_completion", "cancelled");
    try (RawHttp http = server.connect()) {
      http.send(RawHttp.post("/v1/completions", EndlessCompletion.STREAM)).awaitBytes();
    }
    try (RawHttp http = server.connect()) {
      http.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
      server.awaitStatus(status -> status.running() > 0);
    }
    Scrape after =
        Scrape.await(
            server, s -> s.value("gpt2_requests_total", "outcome", "cancelled") == before + 2);

    assertThat(
            after.value("gen_ai_server_request_duration_seconds_count", "error_type", "cancelled"))
        .isEqualTo(before + 2);
    // Only what was answered counts here.
    assertThat(after.value("gen_ai_server_time_to_first_token_seconds_count")).isEqualTo(2);
  }
}
