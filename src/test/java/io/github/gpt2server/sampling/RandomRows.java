package io.github.gpt2server.sampling;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;

/** Seeded rows as a model may give them, and as it hopefully never does. */
final class RandomRows {

  private RandomRows() {}

  /** Native memory in native order, as the engine passes it. */
  static FloatBuffer direct(float... values) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(Float.BYTES * values.length)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    buffer.put(0, values);
    return buffer;
  }

  static float[] values(FloatBuffer buffer) {
    float[] values = new float[buffer.limit()];
    buffer.get(0, values);
    return values;
  }

  /** From one token, often, to a few blocks of the running sums. */
  static int vocabularySize(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> 1 + random.nextInt(3);
      case 1 -> 1 + random.nextInt(3000);
      default -> 1 + random.nextInt(60);
    };
  }

  /** Logits: peaked or flat, with ties, huge values and negative infinities among them. */
  static float[] logits(Random random, int size) {
    double spread = Math.pow(10, random.nextInt(5) - 2);
    boolean ties = random.nextInt(3) == 0;
    boolean masked = random.nextInt(3) == 0;
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      double logit = spread * random.nextGaussian();
      logits[i] = (float) (ties ? Math.rint(logit) : logit);
      if (masked && random.nextInt(3) == 0) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
    // At least one token must be possible.
    logits[random.nextInt(size)] = (float) Math.rint(spread);
    return logits;
  }

  /** Probabilities: the softmax of such logits, or weights that tie exactly, zeros among both. */
  static float[] probabilities(Random random, int size) {
    return random.nextInt(4) == 0 ? tiedWeights(random, size) : softmax(logits(random, size), 1);
  }

  static float[] softmax(float[] logits, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double[] exp = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      exp[i] = Math.exp((logits[i] - max) / temperature);
      sum += exp[i];
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (exp[i] / sum);
    }
    return probabilities;
  }

  private static float[] tiedWeights(Random random, int size) {
    float[] weights = new float[size];
    int sum = 0;
    for (int i = 0; i < size; i++) {
      weights[i] = random.nextInt(4);
      sum += (int) weights[i];
    }
    if (sum == 0) {
      weights[random.nextInt(size)] = 1;
      sum = 1;
    }
    for (int i = 0; i < size; i++) {
      weights[i] /= sum;
    }
    return weights;
  }
}
