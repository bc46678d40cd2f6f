package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.openai.generation.GenerationHandler;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts of a model whose tokenizer changes texts, or puts tokens around them. */
class ChangedPromptsTest {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");

  @TempDir Path folder;

  private Gpt2Tokenizer tokenizer(String configuration) throws IOException {
    for (String file : new String[] {"vocab.json", "merges.txt"}) {
      Files.copy(EMBEDDED.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("tokenizer_config.json"), configuration);
    return Gpt2Tokenizer.load(folder);
  }

  private static GenerationSpec valid(Gpt2Tokenizer tokenizer, String body) {
    ServedModel model = ServedModelFixture.of(tokenizer);
    return new CompletionValidator(model, ApiLimitsFixture.LIMITS, new ModelConstraints())
        .validate(Refusals.request(CompletionRequest.class, body));
  }

  /** The answer to a request that only echoes. */
  private static CompletionResponse.Choice echoed(GenerationSpec completion) {
    int length = completion.prompts().get(0).ids().length;
    PromptScores scores =
        new PromptScores(
            new float[0],
            new float[0],
            new int[0],
            Collections.nCopies(length - 1, new TokenLogprobs(-1, null, null)));
    return new CompletionFormat(completion)
        .response(
            GenerationHandler.result(
                completion,
                List.of(
                    new SequenceEvent.PromptRead(0, null, scores),
                    new SequenceEvent.Finished(0, FinishReason.LENGTH, "", -1, null, 0))))
        .choices()
        .get(0);
  }

  @Test
  void echoIsTheTextThatWasSentWithItsOffsets() throws IOException {
    try (Gpt2Tokenizer tokenizer = tokenizer("{\"add_prefix_space\":true}")) {
      GenerationSpec completion =
          valid(
              tokenizer, "{\"prompt\":\"the king\",\"max_tokens\":0,\"echo\":true,\"logprobs\":0}");
      CompletionResponse.Choice choice = echoed(completion);
      assertThat(choice.text()).isEqualTo("the king");
      assertThat(choice.logprobs().tokens()).containsExactly(" the", " king");
      assertThat(choice.logprobs().textOffset()).containsExactly(0, 3);
      // Ids are what they stand for.
      assertThat(
              echoed(
                      valid(
                          tokenizer,
                          "{\"prompt\":[333,553],\"max_tokens\":0,\"echo\":true,\"logprobs\":0}"))
                  .text())
          .isEqualTo("The king");
    }
  }

  @Test
  void aPromptThatIsCutIsTheEndOfItsText() throws IOException {
    try (Gpt2Tokenizer tokenizer = tokenizer("{\"add_prefix_space\":true}")) {
      CompletionResponse.Choice choice =
          echoed(
              valid(
                  tokenizer,
                  "{\"prompt\":\"the king the king\",\"truncate_prompt_tokens\":3,\"max_tokens\":0,"
                      + "\"echo\":true,\"logprobs\":0}"));
      assertThat(choice.text()).isEqualTo(" king the king");
      assertThat(choice.logprobs().textOffset()).containsExactly(0, 5, 9);
    }
  }

  @Test
  void tokensAroundATextAreAddedUnlessTheRequestSaysNo() throws IOException {
    try (Gpt2Tokenizer tokenizer =
        tokenizer("{\"add_bos_token\":true,\"bos_token\":\"<|endoftext|>\"}")) {
      GenerationSpec added =
          valid(
              tokenizer, "{\"prompt\":\"The king\",\"max_tokens\":0,\"echo\":true,\"logprobs\":0}");
      assertThat(added.prompts().get(0).ids()).containsExactly(4095, 333, 553);
      assertThat(echoed(added).text()).isEqualTo("The king");
      assertThat(echoed(added).logprobs().textOffset()).containsExactly(0, 0, 3);
      assertThat(
              valid(tokenizer, "{\"prompt\":\"The king\",\"add_special_tokens\":false}")
                  .promptIds()
                  .get(0))
          .containsExactly(333, 553);
      assertThat(valid(tokenizer, "{\"prompt\":[333]}").promptIds().get(0)).containsExactly(333);
    }
  }

  @Test
  void anEmptyPromptNeedsATokenThatBeginsAText() throws IOException {
    Files.writeString(folder.resolve("vocab.json"), "{\"a\":0,\"b\":1}");
    Files.writeString(folder.resolve("merges.txt"), "");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(valid(tokenizer, "{\"prompt\":\"ab\"}").promptIds().get(0)).containsExactly(0, 1);
      for (String prompt : new String[] {"\"\"", "[]", "null"}) {
        ApiException e =
            catchThrowableOfType(
                ApiException.class, () -> valid(tokenizer, "{\"prompt\":" + prompt + "}"));
        assertThat(e.status().value()).isEqualTo(400);
        assertThat(e)
            .hasMessage(
                "prompt asks for the token that begins a text, as an empty prompt does, but this"
                    + " model has none (no bos_token and no eos_token); send a prompt.");
      }
    }
  }
}
