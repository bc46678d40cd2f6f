package io.github.gpt2server.model;

/** A failure of the model, which computed NaN or an infinite number: there is no answer to give. */
public class NonFiniteOutputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NonFiniteOutputException(String what) {
    super(what + " holds NaN or infinity");
  }

  /**
   * Refuses NaN and infinity.
   *
   * @param what names the values in the message
   * @throws NonFiniteOutputException if there are any
   */
  public static void check(String what, float[] values) {
    if (!allFinite(values)) {
      throw new NonFiniteOutputException(what);
    }
  }

  /** Returns whether no value is NaN or infinite. */
  public static boolean allFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
