package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.generation.GenerationStream;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.testing.ScriptedGeneration;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletResponse;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

class CompletionStreamTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));

  private static final String CHUNK =
      "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"created\":7,\"model\":\"m\",";

  private final ScriptedGeneration engine = new ScriptedGeneration();
  private final MockHttpServletResponse response = new MockHttpServletResponse();

  @Test
  void sendsAChunkForEveryTokenThatAddsText() throws Exception {
    run(
        completion(1, false, false),
        () ->
            engine
                .token(0, 10, "caf")
                .token(0, 11, "")
                .token(0, 12, "é \"x\"")
                .finished(0, FinishReason.LENGTH, "!", -1, null)
                .end(Outcome.FINISHED));

    assertThat(body())
        .isEqualTo(
            CHUNK
                + choice("caf", 0, "null", "null")
                + "]}\n\n"
                + CHUNK
                + choice("é \\\"x\\\"", 0, "null", "null")
                + "]}\n\n"
                + CHUNK
                + choice("!", 0, "\"length\"", "null")
                + "]}\n\n"
                + "data: [DONE]\n\n");
    assertThat(response.getContentType()).isEqualTo("text/event-stream;charset=UTF-8");
    assertThat(response.getHeader("Cache-Control")).isEqualTo("no-cache");
    assertThat(response.getHeader("X-Accel-Buffering")).isEqualTo("no");
    assertThat(engine.cancels()).isZero();
  }

  @Test
  void choicesInterleaveAndUsageComesLast() throws Exception {
    run(
        completion(2, true, false),
        () ->
            engine
                .token(1, 10, "b")
                .token(0, 11, "a")
                .finished(1, FinishReason.STOP, "", -1, "\n")
                .token(0, 4095, "")
                .finished(0, FinishReason.STOP, "", 4095, null)
                .end(Outcome.FINISHED));

    String noUsage = "],\"usage\":null}\n\n";
    assertThat(body())
        .isEqualTo(
            CHUNK
                + choice("b", 1, "null", "null")
                + noUsage
                + CHUNK
                + choice("a", 0, "null", "null")
                + noUsage
                + CHUNK
                + choice("", 1, "\"stop\"", "\"\\n\"")
                + noUsage
                + CHUNK
                + choice("", 0, "\"stop\"", "4095")
                + noUsage
                + CHUNK
                + "\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3,"
                + "\"total_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":0}}}\n\n"
                + "data: [DONE]\n\n");
  }

  @Test
  void tokenIdsComeWithEveryTokenAndThePromptsWithTheFirst() throws Exception {
    run(
        completion(1, false, true),
        () ->
            engine
                .token(0, 10, "")
                .token(0, 11, "é")
                .finished(0, FinishReason.LENGTH, "", -1, null)
                .end(Outcome.FINISHED));

    assertThat(body())
        .containsSubsequence(
            "\"text\":\"\"",
            "\"token_ids\":[10],\"prompt_token_ids\":[5,6]",
            "\"text\":\"é\"",
            "\"token_ids\":[11]}",
            "\"finish_reason\":\"length\"",
            "\"token_ids\":[]}");
  }

  @Test
  void anErrorAfterTheFirstByteIsAnEvent() throws Exception {
    GenerationSpec completion = completion(1, false, false);
    try (RunningGeneration running =
        RunningGeneration.submit(engine::submit, completion.generation())) {
      engine.token(0, 10, "a");
      Thread breaking =
          new Thread(
              () -> {
                while (!response.isCommitted()) {
                  Thread.onSpinWait();
                }
                engine.end(Outcome.FAILED);
              });
      breaking.start();
      stream(completion).run(running);
      breaking.join();
    }

    assertThat(body())
        .isEqualTo(
            CHUNK
                + choice("a", 0, "null", "null")
                + "]}\n\n"
                + "event: error\n"
                + "data: {\"error\":{\"message\":\"The server failed to answer this request; its"
                + " log says more under g1.\",\"type\":\"server_error\",\"param\":null,"
                + "\"code\":\"internal_error\"}}\n\n");
  }

  @Test
  void anErrorBeforeTheFirstByteIsAStatus() throws Exception {
    assertThatThrownBy(() -> run(completion(1, false, false), () -> engine.end(Outcome.TIMED_OUT)))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().value()).isEqualTo(504);
              assertThat(e.response().error().code()).isEqualTo("timeout");
              assertThat(e).hasMessageContaining("the server's limit of 30.0 seconds");
            });
    assertThat(response.isCommitted()).isFalse();
  }

  @Test
  void commentsFillTheSilence() throws Exception {
    GenerationSpec completion = completion(1, false, false);
    JsonMapper json = JsonMapper.shared();
    try (RunningGeneration running =
        RunningGeneration.submit(engine::submit, completion.generation())) {
      Thread ending =
          new Thread(
              () -> {
                while (!response.isCommitted()) {
                  Thread.onSpinWait();
                }
                engine.end(Outcome.FINISHED);
              });
      ending.start();
      new GenerationStream<>(
              completion,
              new CompletionFormat(completion),
              new ServerSentEvents(response, json.writer()),
              Duration.ofMillis(50))
          .run(running);
      ending.join();
    }

    assertThat(body()).startsWith(": waiting\n\n").endsWith("data: [DONE]\n\n");
  }

  @Test
  void whateverEndsItEarlyCancels() {
    GenerationSpec completion = completion(1, false, false);
    RunningGeneration running = RunningGeneration.submit(engine::submit, completion.generation());
    running.close();

    assertThat(engine.cancels()).isEqualTo(1);
  }

  private void run(GenerationSpec completion, Runnable script) {
    try (RunningGeneration running =
        RunningGeneration.submit(engine::submit, completion.generation())) {
      script.run();
      stream(completion).run(running);
    }
  }

  private GenerationStream<?> stream(GenerationSpec completion) {
    return new GenerationStream<>(
        completion, new CompletionFormat(completion), new ServerSentEvents(response, json()));
  }

  private static ObjectWriter json() {
    return JsonMapper.builder()
        .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .build()
        .writer();
  }

  private String body() throws UnsupportedEncodingException {
    return response.getContentAsString(StandardCharsets.UTF_8);
  }

  private static String choice(String text, int index, String finish, String stop) {
    return "\"choices\":[{\"text\":\""
        + text
        + "\",\"index\":"
        + index
        + ",\"logprobs\":null,\"finish_reason\":"
        + finish
        + ",\"stop_reason\":"
        + stop
        + "}";
  }

  @Test
  void continuousUsageIsInEveryChunk() throws Exception {
    run(
        completion(1, true, true, false),
        () ->
            engine
                .token(0, 10, "a")
                .token(0, 11, "b")
                .finished(0, FinishReason.LENGTH, "", -1, null)
                .end(Outcome.FINISHED));

    assertThat(body().lines().filter(line -> line.contains("usage")))
        .extracting(line -> line.replaceAll(".*\"completion_tokens\":(\\d+).*", "$1"))
        .containsExactly("1", "2", "2", "2");
  }

  @Test
  void numbersThatAreNoneAreAnErrorInsteadOfAnAnswer() {
    assertThatThrownBy(
            () -> run(completion(1, false, false), () -> engine.token(0, 10, "a", Float.NaN)))
        .isInstanceOf(ApiException.class)
        .hasMessageStartingWith("The model's logits are not numbers:");
    assertThat(engine.cancels()).isOne();
  }

  @Test
  void numbersThatAreNoneEndAStreamThatHasBegun() throws Exception {
    MockHttpServletResponse receiver =
        new MockHttpServletResponse() {
          @Override
          public void setCommitted(boolean committed) {
            // The first token is on its way: now comes the next one.
            if (committed && !isCommitted()) {
              engine.token(0, 11, "b", Float.NEGATIVE_INFINITY);
            }
            super.setCommitted(committed);
          }
        };
    GenerationSpec completion = completion(1, false, false);
    try (RunningGeneration running =
        RunningGeneration.submit(engine::submit, completion.generation())) {
      engine.token(0, 10, "a");
      new GenerationStream<>(
              completion, new CompletionFormat(completion), new ServerSentEvents(receiver, json()))
          .run(running);
    }

    assertThat(receiver.getContentAsString(StandardCharsets.UTF_8))
        .startsWith(CHUNK + choice("a", 0, "null", "null"))
        .contains(
            "event: error\ndata: {\"error\":{\"message\":\"The model's logits are not numbers")
        .contains("\"code\":\"model_output_invalid\"")
        .doesNotContain("[DONE]", "Infinity");
  }

  private static GenerationSpec completion(int n, boolean includeUsage, boolean tokenIds) {
    return completion(n, includeUsage, false, tokenIds);
  }

  private static GenerationSpec completion(
      int n, boolean includeUsage, boolean continuousUsage, boolean tokenIds) {
    int[] prompt = {5, 6};
    SequenceRequest sequence = RequestBuilder.request(prompt, 9).build();
    return new GenerationSpec(
        "cmpl-1",
        7,
        "m",
        List.of(PromptTokens.of(prompt, TOKENIZER)),
        n,
        n,
        new Generation("g1", Collections.nCopies(n, sequence), Duration.ofSeconds(30), true),
        TOKENIZER,
        false,
        false,
        true,
        includeUsage,
        continuousUsage,
        tokenIds,
        EncodingFormat.FLOAT,
        false,
        new Structure.Free(),
        false,
        null);
  }
}
