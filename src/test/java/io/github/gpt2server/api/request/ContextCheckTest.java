package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorResponse;
import org.junit.jupiter.api.Test;

class ContextCheckTest {
  private static final String CODE = "context_length_exceeded";

  @Test
  void aFullContextPasses() {
    assertThatCode(() -> ContextCheck.check(1024, 1000, 24)).doesNotThrowAnyException();
    assertThatCode(() -> ContextCheck.check(1024, 1024, 0)).doesNotThrowAnyException();
    assertThatCode(() -> ContextCheck.checkLeast(1024, "prompt", 1024)).doesNotThrowAnyException();
  }

  @Test
  void blamesMaxTokensWhereThePromptFits() {
    refused(
        () -> ContextCheck.check(1024, 1000, 25),
        "max_tokens",
        "This model's context holds 1024 tokens, but the request needs 1025 (1000 in the prompt and"
            + " 25 to generate); shorten the prompt, lower max_tokens or keep the prompt's end with"
            + " truncate_prompt_tokens.");
  }

  @Test
  void blamesThePromptThatLeavesNoRoom() {
    refused(
        () -> ContextCheck.check(1024, 1024, 1),
        "prompt",
        "This model's context holds 1024 tokens, but the request needs 1025 (1024 in the prompt and"
            + " 1 to generate); shorten the prompt, lower max_tokens or keep the prompt's end with"
            + " truncate_prompt_tokens.");
  }

  @Test
  void speaksOfThePromptAloneWhereNothingIsGenerated() {
    refused(
        () -> ContextCheck.check(1024, 1030, 0),
        "prompt",
        "This model's context holds 1024 tokens, but the request needs 1030 in the prompt; shorten"
            + " the prompt.");
  }

  @Test
  void namesTheTextThatIsTooLongBeforeItIsTokenized() {
    refused(
        () -> ContextCheck.checkLeast(1024, "prompt[2]", 1025),
        "prompt",
        "This model's context holds 1024 tokens, but prompt[2] has at least 1025; shorten it.");
  }

  @Test
  void theSumOfLargeNumbersDoesNotOverflow() {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> ContextCheck.check(1024, 10, Integer.MAX_VALUE))
        .withMessageContaining("the request needs 2147483657 ");
  }

  private static void refused(Runnable check, String param, String message) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(check::run)
        .extracting(ApiException::response)
        .isEqualTo(
            new ErrorResponse(
                new ErrorResponse.Detail(message, "invalid_request_error", param, CODE)));
  }
}
