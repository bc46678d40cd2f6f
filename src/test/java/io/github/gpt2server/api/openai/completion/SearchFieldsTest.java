package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/** What requests for a search may contain beside it, on a server that runs nine texts at once. */
class SearchFieldsTest {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final int WIDTH = 320;

  private static Engine engine;
  private static CompletionValidator validator;

  @BeforeAll
  static void start() throws Exception {
    Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(FOLDER);
    engine = Engine.start(() -> new FakeModel(9, 512), tokenizer, EngineSettings.withQueue(1));
    validator =
        new CompletionValidator(
            ServedModelFixture.of(engine, tokenizer, "tales", Gpt2Config.read(FOLDER), 1),
            ApiLimitsFixture.LIMITS,
            new ModelConstraints());
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"use_beam_search\": true, \"n\": 2",
        "\"penalty_alpha\": 0.6, \"top_k\": 4, \"temperature\": 0"
      })
  void whatEditsLogitsIsUsed(String search) {
    List<SequenceRequest> sequences =
        sequences(
            "{\"prompt\": [1], "
                + search
                + ", \"allowed_token_ids\": [7, 8, 9], \"bad_words\": [\"king\"],"
                + " \"no_repeat_ngram_size\": 4, \"dry_multiplier\": 0.8,"
                + " \"repetition_penalty\": 1.2, \"presence_penalty\": 0.1,"
                + " \"frequency_penalty\": 0.2, \"logit_bias\": {\"5\": 1},"
                + " \"min_tokens\": 3}");
    assertThat(sequences)
        .isNotEmpty()
        .allSatisfy(
            sequence -> {
              SamplingParameters parameters = sequence.sampling();
              assertThat(parameters.decoding().fields())
                  .containsExactly(
                      "allowed_token_ids", "bad_words", "no_repeat_ngram_size", "dry_multiplier");
              assertThat(parameters.repetitionPenalty().penalty()).isEqualTo(1.2);
              assertThat(parameters.presencePenalty()).isEqualTo(0.1);
              assertThat(parameters.frequencyPenalty()).isEqualTo(0.2);
              assertThat(parameters.logitBias()).isEqualTo(Map.of(5, 1f));
              assertThat(parameters.minTokens()).isEqualTo(3);
              assertThat(parameters.topK()).isZero();
            });
  }

  @Test
  void hiddenStatesAreReservedForTheTextsThatRunAtOnce() {
    String search = ", \"penalty_alpha\": 0.6, \"top_k\": 4, \"max_tokens\": 10}";
    assertThat(reserved("{\"prompt\": [[1, 2, 3]]" + search)).isEqualTo((3 + 10) * WIDTH * 4L);
    // Four candidates each, so that two texts run in nine slots.
    assertThat(reserved("{\"prompt\": [[1, 2, 3], [1], [1, 2, 3, 4, 5]]" + search))
        .isEqualTo((3 + 10 + 5 + 10) * WIDTH * 4L);
    assertThat(
            reserved(
                "{\"prompt\": [[1, 2, 3]], \"use_beam_search\": true, \"n\": 4,"
                    + " \"max_tokens\": 10}"))
        .isZero();
  }

  private static long reserved(String body) {
    RequestContextHolder.setRequestAttributes(
        new ServletRequestAttributes(new MockHttpServletRequest()));
    try {
      RequestMemory memory = RequestMemory.begin(MemoryBudget.UNLIMITED);
      sequences(body);
      return memory.of(MemoryUse.ANSWERS).bytes();
    } finally {
      RequestContextHolder.resetRequestAttributes();
    }
  }

  private static List<SequenceRequest> sequences(String body) {
    return validator
        .validate(Refusals.request(CompletionRequest.class, body))
        .generation()
        .sequences();
  }
}
