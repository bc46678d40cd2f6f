package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.sampling.NoCandidateException;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells failures of one request from those of the engine, and reports the former in the log: in one
 * line where memory was short or the model computed what is no number, else in full.
 */
public final class Failures {
  /** The engine's logger, which a command turns off: it reports the same in its own words. */
  public static final String LOGGER = "io.github.gpt2server.engine.Engine";

  private static final Logger log = LoggerFactory.getLogger(LOGGER);

  private Failures() {}

  /**
   * Whether the engine can go on after a failure: not if native code or classes are broken. Where
   * memory was short, what the request held is free once the request has ended.
   */
  static boolean survivable(Throwable failure) {
    return !(failure instanceof LinkageError)
        && (!(failure instanceof VirtualMachineError)
            || failure instanceof OutOfMemoryError
            || failure instanceof StackOverflowError);
  }

  /** Throws an error again that the engine cannot go on after. */
  public static void requireSurvivable(Throwable failure) {
    if (failure instanceof Error error && !survivable(error)) {
      throw error;
    }
  }

  /** Logs the failure of a request and gives what its submitter gets as the cause. */
  public static Throwable report(String request, Throwable failure) {
    final Throwable cause = cause(failure);
    try {
      if (ofModelOutput(cause)) {
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

  /** What a submitter gets as the cause of a failure. */
  public static Throwable cause(Throwable failure) {
    try {
      if (ofModelOutput(failure)) {
        return failure instanceof InvalidModelOutputException
            ? failure
            : new InvalidModelOutputException(failure);
      }
      final Optional<String> shortage = shortage(failure);
      return shortage.isPresent() ? new NotEnoughMemoryException(shortage.get(), failure) : failure;
    } catch (OutOfMemoryError e) {
      return NotEnoughMemoryException.PREPARED;
    }
  }

  /** The lack of memory that caused a failure, or empty. */
  private static Optional<String> shortage(Throwable failure) {
    return Stream.iterate(failure, e -> e != null, Throwable::getCause)
        .limit(50)
        .filter(OutOfMemoryError.class::isInstance)
        .findFirst()
        .map(e -> "Java could not get more memory (" + e.getMessage() + ")")
        .or(() -> AllocationFailure.asked(failure).map(asked -> "libtorch could not get " + asked));
  }

  /** Whether the model's numbers are to blame. */
  public static boolean ofModelOutput(Throwable failure) {
    return failure instanceof InvalidModelOutputException
        || failure instanceof NonFiniteOutputException
        || failure instanceof NoCandidateException;
  }
}
