package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.web.error.ApiException;
import org.junit.jupiter.api.Test;

class LogprobsCheckTest {

  @Test
  void tenMillionPass() {
    assertThatCode(() -> LogprobsCheck.check("logprobs", 5, 50_257, 2_000_000, "max_tokens"))
        .doesNotThrowAnyException();
  }

  @Test
  void moreAreRefusedWithBothNumbers() {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> LogprobsCheck.check("logprobs", 5, 50_257, 2_000_001, "max_tokens"))
        .withMessage(
            "logprobs = 5 at up to 2000001 positions makes 10000005 log-probabilities, but an"
                + " answer may have at most 10000000; lower logprobs or max_tokens.");
  }

  @Test
  void aPositionWithManyHoldsTheWholeVocabulary() {
    int many = TopTokens.FEW + 1;
    assertThatCode(() -> LogprobsCheck.check("logprobs", many, 50_000, 200, "max_tokens"))
        .doesNotThrowAnyException();
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> LogprobsCheck.check("logprobs", many, 50_000, 201, "max_tokens"))
        .withMessageContaining(
            "makes 10050000 log-probabilities (above %d, the whole vocabulary's count), but"
                .formatted(TopTokens.FEW));
  }
}
