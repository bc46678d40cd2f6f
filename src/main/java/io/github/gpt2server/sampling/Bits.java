package io.github.gpt2server.sampling;

/** Amounts of information. */
public final class Bits {
  private static final double LN_2 = StrictMath.log(2);

  private Bits() {}

  /** An amount in bits. */
  public static double ofNats(double nats) {
    return nats / LN_2;
  }

  /** An amount in nats. */
  public static double toNats(double bits) {
    return bits * LN_2;
  }
}
