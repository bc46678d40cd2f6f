package io.github.gpt2server.ops.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestOutcomeTest {

  @ParameterizedTest
  @CsvSource({
    "200, SUCCESS, ''",
    "304, SUCCESS, ''",
    "400, REFUSED, 400",
    "401, REFUSED, 401",
    "404, REFUSED, 404",
    "413, REFUSED, 413",
    "429, QUEUE_FULL, queue_full",
    "499, CANCELLED, cancelled",
    "500, FAILED, failed",
    "503, NOT_AVAILABLE, not_available",
    "504, TIMEOUT, timeout"
  })
  void theStatusTellsHowItEnded(int status, RequestOutcome outcome, String errorType) {
    assertThat(RequestOutcome.of(status, false, false, List.of())).isEqualTo(outcome);
    assertThat(outcome.errorType(status)).isEqualTo(errorType);
  }

  @Test
  void anAnswerThatBreaksOffHasLostItsReader() {
    assertThat(RequestOutcome.of(200, true, false, List.of())).isEqualTo(RequestOutcome.CANCELLED);
    assertThat(RequestOutcome.of(500, true, false, List.of())).isEqualTo(RequestOutcome.FAILED);
  }
}
