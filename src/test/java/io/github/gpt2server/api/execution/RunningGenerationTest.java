package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.testing.ScriptedGeneration;
import io.github.gpt2server.web.error.ApiException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Whatever the engine reports passes here: what is no number becomes one error. */
@ExtendWith(OutputCaptureExtension.class)
class RunningGenerationTest {
  private static final float[] FINE = {-1, -2};

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aNumberThatIsNoneIsAnErrorAndALineInTheLog(float value, CapturedOutput output) {
    float[] broken = {-1, value};
    List<Consumer<ScriptedGeneration>> reports =
        List.of(
            engine -> engine.token(0, 7, "a", value),
            engine -> engine.promptRead(broken, null),
            engine -> engine.promptRead(null, scores(broken, FINE)),
            engine -> engine.promptRead(FINE, scores(FINE, broken)));
    for (Consumer<ScriptedGeneration> report : reports) {
      assertInvalid(report.andThen(engine -> engine.end(Outcome.FINISHED)));
    }
    assertThat(output.getOut())
        .contains("WARN", "Request g1 failed: the model computed NaN or infinity")
        .doesNotContain("\tat ", "ERROR");
  }

  @Test
  void theEnginesOwnFindingIsTheSameError(CapturedOutput output) {
    assertInvalid(ScriptedGeneration::failForModelOutput);
    assertThat(output.getOut()).doesNotContain("\tat ", "ERROR");
  }

  @Test
  void finiteNumbersPass() {
    ScriptedGeneration engine = new ScriptedGeneration();
    try (RunningGeneration running = RunningGeneration.submit(engine::submit, generation())) {
      engine.promptRead(FINE, scores(FINE, FINE)).token(0, 7, "a", -3).end(Outcome.FINISHED);
      assertThat(running.awaitAll()).hasSize(2);
    }
  }

  private static void assertInvalid(Consumer<ScriptedGeneration> script) {
    ScriptedGeneration engine = new ScriptedGeneration();
    try (RunningGeneration running = RunningGeneration.submit(engine::submit, generation())) {
      script.accept(engine);
      ApiException e = catchThrowableOfType(ApiException.class, running::awaitAll);
      assertThat(e.status().value()).isEqualTo(500);
      assertThat(e.response().error().code()).isEqualTo("model_output_invalid");
      assertThat(e.headers()).containsEntry("x-should-retry", "false");
    }
  }

  private static PromptScores scores(float[] logprobs, float[] entropies) {
    return new PromptScores(logprobs, entropies, new int[] {1, 2}, List.of());
  }

  private static Generation generation() {
    return new Generation(
        "g1",
        List.of(RequestBuilder.request(new int[] {5}, 9).build()),
        Duration.ofSeconds(30),
        false);
  }
}
