package io.github.gpt2server.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The random numbers of a sequence's draws, in order; those of later draws can be seen early.
 * Uniform in [0, 1) from the 53 high bits, so that draws are the same on every JDK.
 */
final class DrawNumbers {

  /** SplitMix64: small, and adjacent seeds give unrelated draws. */
  private final SplittableRandom random;

  /** Apart from the others, so that what takes a chance leaves them as they are; null for none. */
  private final SplittableRandom chances;

  /** Numbers that {@link #ahead} has generated early. */
  private final List<Numbers> foreseen = new ArrayList<>();

  /** Creates the numbers of a seed, with a chance in each if wanted. */
  DrawNumbers(long seed, boolean withChances) {
    random = new SplittableRandom(seed);
    chances = withChances ? new SplittableRandom(seed).split() : null;
  }

  /**
   * The numbers of one draw.
   *
   * @param draw decides on the token
   * @param chance decides whether {@link Xtc} removes anything; 0 if that is not wanted
   */
  record Numbers(double draw, double chance) {}

  /** The numbers of the next draw, which are used up. */
  Numbers next() {
    return foreseen.isEmpty() ? generate() : foreseen.remove(0);
  }

  /** The numbers of the draw {@code count} draws after the next, which stay. */
  Numbers ahead(int count) {
    while (foreseen.size() <= count) {
      foreseen.add(generate());
    }
    return foreseen.get(count);
  }

  private Numbers generate() {
    return new Numbers(uniform(random), chances == null ? 0 : uniform(chances));
  }

  private static double uniform(SplittableRandom random) {
    return (random.nextLong() >>> 11) * 0x1.0p-53;
  }
}
