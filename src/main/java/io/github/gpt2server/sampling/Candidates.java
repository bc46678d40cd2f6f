package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The tokens that may still be drawn, in order of id, with their probabilities: first the whole
 * vocabulary, then what the filters leave of it. Probabilities are never renormalised; filters and
 * the draw compare them with {@link #mass}.
 *
 * <p>Also the working memory of sampling, about 1 MB for a vocabulary of 50,257. It is overwritten
 * by each draw, so that all samplers of a thread can share one.
 */
public final class Candidates {

  /** Number of candidates per partial sum: a draw scans the sums and then one block. */
  private static final int BLOCK = 1024;

  private final RadixSelect ranking = new RadixSelect();
  private float[] probabilities = {};
  private int[] ids = {};
  private int vocabulary;
  private int size;
  private double mass;
  private double[] blockMass = {};

  /** Number of leading entries of {@link #ids} that no longer hold their own index. */
  private int displacedIds;

  private float[] floatScratch = {};
  private double[] doubleScratch = {};

  /** Creates an empty set; memory is allocated when the first row is loaded. */
  public Candidates() {}

  /**
   * Makes every token a candidate.
   *
   * @param row {@code [vocab]} probabilities
   * @throws NoCandidateException if their sum is not positive and finite
   */
  void load(FloatBuffer row) {
    vocabulary = row.limit();
    size = vocabulary;
    if (probabilities.length < size) {
      probabilities = new float[size];
      ids = new int[size];
      blockMass = new double[(size + BLOCK - 1) / BLOCK];
      displacedIds = size;
    }
    row.get(0, probabilities, 0, size);
    for (int i = 0; i < displacedIds; i++) {
      ids[i] = i;
    }
    displacedIds = 0;
    sumBlocks();
    if (!(mass > 0 && mass < Double.POSITIVE_INFINITY)) {
      throw new NoCandidateException(
          "No token can be drawn: the probabilities of the next token sum to " + mass + ".");
    }
  }

  /** Number of tokens, whether they are candidates or not. */
  int vocabulary() {
    return vocabulary;
  }

  int size() {
    return size;
  }

  /** The candidates' probabilities, {@code [size]}, in order of id; not renormalised. */
  float[] probabilities() {
    return probabilities;
  }

  /** The id of the {@code i}-th candidate. */
  int id(int i) {
    return ids[i];
  }

  /** The sum of the candidates' probabilities. */
  double mass() {
    return mass;
  }

  float largestProbability() {
    float largest = 0;
    for (int i = 0; i < size; i++) {
      if (probabilities[i] > largest) {
        largest = probabilities[i];
      }
    }
    return largest;
  }

  /** Scratch memory of at least {@code size} floats for a filter. */
  float[] floatScratch() {
    if (floatScratch.length < size) {
      floatScratch = new float[size];
    }
    return floatScratch;
  }

  /** Scratch memory of at least {@code size} doubles for a filter. */
  double[] doubleScratch() {
    if (doubleScratch.length < size) {
      doubleScratch = new double[size];
    }
    return doubleScratch;
  }

  /** The probabilities of the {@code count} likeliest candidates, largest first. */
  float[] likeliest(int count) {
    int order = RadixSelect.LARGEST_FIRST;
    int most = Math.min(count, size);
    long cut = ranking.select(probabilities, order, null, size, most);
    float[] likeliest = new float[most];
    int found = 0;
    for (int i = 0; i < size; i++) {
      if (RadixSelect.key(probabilities[i], order, i) <= cut) {
        likeliest[found++] = -probabilities[i];
      }
    }
    Arrays.sort(likeliest);
    for (int i = 0; i < most; i++) {
      likeliest[i] = -likeliest[i];
    }
    return likeliest;
  }

  /** Keeps the {@code count} likeliest candidates. */
  void keepLikeliest(int count) {
    if (count < size) {
      int order = RadixSelect.LARGEST_FIRST;
      keep(probabilities, order, ranking.select(probabilities, order, null, size, count));
    }
  }

  /** Keeps the smallest set of likeliest candidates with at least {@code share} of the mass. */
  void keepLikeliestMass(double share) {
    int order = RadixSelect.LARGEST_FIRST;
    double target = share * mass;
    keep(probabilities, order, ranking.select(probabilities, order, probabilities, size, target));
  }

  /**
   * Keeps the smallest set of candidates of least distance with at least {@code share} of the mass.
   *
   * @param distances {@code [size]}, not negative
   */
  void keepNearestMass(float[] distances, double share) {
    int order = RadixSelect.SMALLEST_FIRST;
    double target = share * mass;
    keep(distances, order, ranking.select(distances, order, probabilities, size, target));
  }

  /** Keeps the candidates of at least this probability, in the scale of {@link #probabilities}. */
  void keepAtLeast(double probability) {
    float least = atLeast(probability);
    int order = RadixSelect.LARGEST_FIRST;
    keep(probabilities, order, RadixSelect.key(least, order, Integer.MAX_VALUE));
  }

  /**
   * Removes the candidates of at least this probability, in the scale of {@link #probabilities},
   * but the one that ranks last among them.
   */
  void removeAllButLastAbove(double probability) {
    float least = atLeast(probability);
    int order = RadixSelect.LARGEST_FIRST;
    long last = -1;
    for (int i = 0; i < size; i++) {
      if (probabilities[i] >= least) {
        last = Math.max(last, RadixSelect.key(probabilities[i], order, i));
      }
    }
    int retained = 0;
    for (int i = 0; i < size; i++) {
      if (RadixSelect.key(probabilities[i], order, i) >= last) {
        probabilities[retained] = probabilities[i];
        ids[retained] = ids[i];
        retained++;
      }
    }
    retained(retained);
  }

  /** Keeps the candidates whose key is at most {@code cut}. */
  private void keep(float[] scores, int order, long cut) {
    int retained = 0;
    for (int i = 0; i < size; i++) {
      if (RadixSelect.key(scores[i], order, i) <= cut) {
        probabilities[retained] = probabilities[i];
        ids[retained] = ids[i];
        retained++;
      }
    }
    retained(retained);
  }

  /** The least float that is at least a number. */
  private static float atLeast(double number) {
    float least = (float) number;
    return least < number ? Math.nextUp(least) : least;
  }

  private void retained(int count) {
    size = count;
    displacedIds = Math.max(displacedIds, count);
    sumBlocks();
  }

  /**
   * Draws a token by inverting the cumulative distribution over the candidates in order of id.
   *
   * @param u from 0 up to but not including 1
   * @return the first token at which the cumulative probability exceeds {@code u}; never one of
   *     probability 0, even where {@code u} is 0 or rounding leaves {@code u} beyond the last sum
   */
  int draw(double u) {
    double target = u * mass;
    int block = -1;
    double before = 0;
    double reached = 0;
    for (int b = 0; b * BLOCK < size; b++) {
      if (blockMass[b] > 0) {
        block = b;
        before = reached;
        reached += blockMass[b];
        if (reached > target) {
          break;
        }
      }
    }
    int drawn = -1;
    reached = before;
    int end = Math.min(size, (block + 1) * BLOCK);
    for (int i = block * BLOCK; i < end; i++) {
      if (probabilities[i] > 0) {
        drawn = i;
        reached += probabilities[i];
        if (reached > target) {
          break;
        }
      }
    }
    return ids[drawn];
  }

  private void sumBlocks() {
    mass = 0;
    for (int b = 0; b * BLOCK < size; b++) {
      blockMass[b] = sum(b * BLOCK, Math.min(size, (b + 1) * BLOCK));
      mass += blockMass[b];
    }
  }

  private double sum(int start, int end) {
    // Four sums, because the additions of a single one would wait for each other.
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = start;
    for (; i < end - 3; i += 4) {
      a += probabilities[i];
      b += probabilities[i + 1];
      c += probabilities[i + 2];
      d += probabilities[i + 3];
    }
    for (; i < end; i++) {
      a += probabilities[i];
    }
    return (a + b) + (c + d);
  }
}
