package io.github.gpt2server.web.error;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks that what the model computed can be an answer. */
public final class ModelOutput {
  private static final Logger log = LoggerFactory.getLogger(ModelOutput.class);

  private ModelOutput() {}

  /**
   * Lets finite numbers pass.
   *
   * @param id names the request in the log, which gets a line
   * @throws ApiException 500, if they are not
   */
  public static void requireFinite(boolean finite, String id) {
    if (!finite) {
      throw invalid(id);
    }
  }

  /** Logs the failure and gives the error for the client. */
  public static ApiException invalid(String id) {
    log.warn("Request {} failed: the model computed NaN or infinity", id);
    return ApiException.modelOutputInvalid();
  }
}
