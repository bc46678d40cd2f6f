package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.error.ApiException;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

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
  void aPositionWithFewHoldsThoseAlone() {
    assertThatCode(
            () -> LogprobsCheck.check("logprobs", TopTokens.FEW, 50_000, 39_062, "max_tokens"))
        .doesNotThrowAnyException();
  }

  @Test
  void theWholeVocabularyIsNotSaidToBeMoreThanWasAskedFor() {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> LogprobsCheck.check("logprobs", 4096, 4096, 2500, "max_tokens"))
        .withMessage(
            "logprobs = 4096 at up to 2500 positions makes 10240000 log-probabilities, but an answer"
                + " may have at most 10000000; lower logprobs or max_tokens.");
  }

  /** A token and its log-probability take 8 bytes, a log-probability of a whole row 4. */
  @Test
  void reservesWhatAnAnswerHolds() {
    RequestContextHolder.setRequestAttributes(
        new ServletRequestAttributes(new MockHttpServletRequest()));
    try {
      MemoryBudget.Reservation held =
          RequestMemory.begin(MemoryBudget.UNLIMITED).of(MemoryUse.ANSWERS);
      LogprobsCheck.check("logprobs", TopTokens.FEW, 4096, 10, "max_tokens");
      assertThat(held.bytes()).isEqualTo(256 * 10 * 8);
      LogprobsCheck.check("logprobs", TopTokens.FEW + 1, 4096, 10, "max_tokens");
      assertThat(held.bytes()).isEqualTo(4096 * 10 * 4);
    } finally {
      RequestContextHolder.resetRequestAttributes();
    }
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
