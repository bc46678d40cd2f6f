package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.InternalServerException;
import com.openai.errors.SseException;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the settings of a server change for its clients. */
@OwnServer({
  "--gpt2.max-sequences=2",
  "--gpt2.request-timeout=500ms",
  "--gpt2.strict-fields=true",
  "--gpt2.max-logprobs=5",
  "--gpt2.max-inspect-values=100",
  "--gpt2.default-max-tokens=3"
})
class SettingsIT {
  private static LiveServer server;

  @Test
  void aRequestThatTakesTooLongIs504() throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", EndlessCompletion.WHOLE);

    assertThat(answer.status()).isEqualTo(504);
    JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("timeout");
    assertThat(error.get("type").stringValue()).isEqualTo("timeout_error");
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "The request was not complete within the server's limit of 0.5 seconds, waiting"
                + " included. Ask for fewer tokens or try again later.");
  }

  @Test
  void aStreamThatTakesTooLongEndsWithAnErrorEvent() throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", EndlessCompletion.STREAM);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).startsWith("data: {").doesNotContain("[DONE]");
    String last = answer.body().substring(answer.body().lastIndexOf("event: "));
    assertThat(last).startsWith("event: error\ndata: {\"error\":{\"message\":\"The request was");
    assertThat(last).endsWith("\"code\":\"timeout\"}}\n\n");
  }

  /** All windows of a text share the time that a request has. */
  @Test
  void aScoreThatTakesTooLongIs504() throws IOException {
    String text = "{\"text\": \"" + "The king went. ".repeat(400) + "\", \"stride\": 1";

    RawHttp.Answer whole = server.post("/v1/score", text + "}");
    RawHttp.Answer streamed = server.post("/v1/score", text + ", \"stream\": true}");

    assertThat(whole.status()).isEqualTo(504);
    assertThat(whole.body()).contains("within the server's limit of 0.5 seconds");
    assertThat(streamed.body())
        .startsWith("event: progress\n")
        .doesNotContain("[DONE]")
        .contains("event: error\ndata: {\"error\":{\"message\":\"The request was not complete")
        .contains("within the server's limit of 0.5 seconds");
  }

  /** What takes too long once would take too long again: clients are told not to retry. */
  @Test
  void openAisClientDoesNotAskAgainForWhatTookTooLong() throws Exception {
    OpenAIClient client =
        OpenAIOkHttpClient.builder()
            .baseUrl(server.base() + "v1")
            .apiKey("none")
            .maxRetries(2)
            .build();
    CompletionCreateParams params =
        CompletionCreateParams.builder()
            .model("gpt2-fairytales")
            .prompt("The king")
            .n(100)
            .maxTokens(500)
            .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true))
            .build();
    double before = timeouts(Scrape.of(server));

    InternalServerException whole =
        catchThrowableOfType(
            InternalServerException.class, () -> client.completions().create(params));
    SseException streamed;
    try (StreamResponse<Completion> stream = client.completions().createStreaming(params)) {
      streamed = catchThrowableOfType(SseException.class, () -> stream.stream().count());
    }
    client.close();

    assertThat(whole.statusCode()).isEqualTo(504);
    assertThat(whole.code()).contains("timeout");
    assertThat(whole.headers().values("x-should-retry")).containsExactly("false");
    assertThat(streamed).hasMessageContaining("not complete within the server's limit");
    assertThat(streamed.code()).contains("timeout");
    Scrape.await(server, scrape -> timeouts(scrape) == before + 2);
  }

  private static double timeouts(Scrape scrape) {
    return scrape.value("gpt2_requests_total", "outcome", "timeout");
  }

  @Test
  void strictFieldsRefuseWhatIsUnknown() throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", "{\"request_id\": \"a\"}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("request_id is not a field of this endpoint", "it knows");
  }

  @Test
  void theLengthOfAnAnswerHasADefault() throws IOException {
    JsonNode usage = server.ask("/v1/completions", "{\"ignore_eos\": true}").get("usage");

    assertThat(usage.get("completion_tokens").intValue()).isEqualTo(3);
  }

  @Test
  void probabilitiesAreLimited() throws IOException {
    assertThat(server.ask("/v1/next-token", "{\"prompt\": \"a\"}").get("top").size()).isEqualTo(5);
    assertThat(server.post("/v1/next-token", "{\"prompt\": \"a\", \"top_k\": 6}").body())
        .contains("top_k must be between 0 and 5, but is 6.");
  }

  @Test
  void inspectionsAreLimited() throws IOException {
    String body = "{\"tokens\": [1, 2, 3, 4], \"residual_norm\": true, \"top_k\": %d}";
    assertThat(server.ask("/v1/inspect", body.formatted(5)).get("layers")).hasSize(4);
    assertThat(
            server
                .refusal(
                    "/v1/inspect",
                    body.formatted(5).replace("4]", "4%s]".formatted(", 5".repeat(20))))
                .get("message")
                .stringValue())
        .startsWith(
            "The response would contain 141 numbers, 120 of them for residual_norm, but the limit is 100");
  }
}
