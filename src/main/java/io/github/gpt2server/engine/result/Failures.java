package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.sampling.ExcludedTokensException;
import io.github.gpt2server.sampling.NoCandidateException;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Distinguishes failures of one request from those of the engine, and logs the former: in one line
 * if memory was short or the model's output is not finite, otherwise with the stack trace.
 */
public final class Failures {
  /** Name of the engine's logger. The commands turn it off and report failures themselves. */
  public static final String LOGGER = "io.github.gpt2server.engine.Engine";

  private static final Logger log = LoggerFactory.getLogger(LOGGER);

  private Failures() {}

  /**
   * Returns whether the engine can go on after a failure: not if native code or classes are broken.
   * After a lack of memory it can, because the end of the request frees what it held.
   */
  static boolean survivable(Throwable failure) {
    return !(failure instanceof LinkageError)
        && (!(failure instanceof VirtualMachineError)
            || failure instanceof OutOfMemoryError
            || failure instanceof StackOverflowError);
  }

  /** Rethrows an error after which the engine cannot go on. */
  public static void requireSurvivable(Throwable failure) {
    if (failure instanceof Error error && !survivable(error)) {
      throw error;
    }
  }

  /** Logs the failure of a request and returns the cause for its submitter. */
  public static Throwable report(String request, Throwable failure) {
    Throwable cause = cause(failure);
    try {
      if (cause instanceof ExcludedTokensException || cause instanceof TooFewTextsException) {
        log.debug("Request {} failed: {}", request, cause.getMessage());
      } else if (ofModelOutput(cause)) {
        log.warn("Request {} failed: {}", request, cause.getMessage());
      } else if (cause instanceof NotEnoughMemoryException) {
        log.error("Request {} failed: {}", request, cause.getMessage());
      } else {
        log.error("Request {} failed", request, failure);
      }
    } catch (OutOfMemoryError e) {
      // The request must end all the same.
      return NotEnoughMemoryException.PREPARED;
    }
    return cause;
  }

  /** The cause of a failure as its submitter sees it. */
  public static Throwable cause(Throwable failure) {
    try {
      if (ofModelOutput(failure)) {
        return failure instanceof InvalidModelOutputException
            ? failure
            : new InvalidModelOutputException(failure);
      }
      Optional<String> shortage = shortage(failure);
      return shortage.isPresent() ? new NotEnoughMemoryException(shortage.get(), failure) : failure;
    } catch (OutOfMemoryError e) {
      return NotEnoughMemoryException.PREPARED;
    }
  }

  /** A description of the lack of memory that caused a failure, or empty. */
  private static Optional<String> shortage(Throwable failure) {
    return Stream.iterate(failure, e -> e != null, Throwable::getCause)
        .limit(50)
        .filter(OutOfMemoryError.class::isInstance)
        .findFirst()
        .map(e -> "Java could not get more memory (" + e.getMessage() + ")")
        .or(() -> AllocationFailure.asked(failure).map(asked -> "libtorch could not get " + asked));
  }

  /** Returns whether a failure is due to output of the model that is not finite. */
  public static boolean ofModelOutput(Throwable failure) {
    return failure instanceof InvalidModelOutputException
        || failure instanceof NonFiniteOutputException
        || failure instanceof NoCandidateException;
  }
}
