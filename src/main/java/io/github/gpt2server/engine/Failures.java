package io.github.gpt2server.engine;

import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.sampling.NoCandidateException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports in the log why a request failed: in one line where memory was short or the model computed
 * what is no number, else in full.
 */
final class Failures {
  // The engine's own logger, which a command turns off: it tells the same in a sentence of its own.
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  private Failures() {}

  /** Logs the failure and gives what its submitter is told. */
  static RuntimeException told(String request, RuntimeException failure) {
    if (ofModelOutput(failure)) {
      log.warn("Request {} failed: {}", request, failure.getMessage());
      return failure instanceof InvalidModelOutputException
          ? failure
          : new InvalidModelOutputException(failure);
    }
    final Optional<String> asked = AllocationFailure.asked(failure);
    if (asked.isEmpty()) {
      log.error("Request {} failed", request, failure);
      return failure;
    }
    final NotEnoughMemoryException shortage = new NotEnoughMemoryException(asked.get(), failure);
    log.error("Request {} failed: {}", request, shortage.getMessage());
    return shortage;
  }

  /** Whether the model's numbers are to blame. */
  static boolean ofModelOutput(RuntimeException failure) {
    return failure instanceof InvalidModelOutputException
        || failure instanceof NonFiniteOutputException
        || failure instanceof NoCandidateException;
  }
}
