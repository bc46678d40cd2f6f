package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Every variant of the kernels that this processor can run computes the bits of their definition,
 * written here a second time in Java, whatever the sizes, the parts and the number of threads.
 */
@EnabledOnOs(OS.LINUX)
class KernelBitsTest {
  private static final int ROUNDS = 25;

  private final KernelLibrary library = KernelLibrary.load().orElseThrow();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @BeforeEach
  void startThreads() {
    library.setThreads(1 + random.nextInt(4));
  }

  @AfterEach
  void endThreads() {
    library.setThreads(1);
    library.use(library.variants().get(0));
  }

  /** Runs a case with every variant; they are to give these bits. */
  private interface Case {
    float[] run(KernelCalls calls);
  }

  private void sameBits(String what, float[] expected, Case kernel) {
    for (String variant : library.variants()) {
      library.use(variant);
      float[] found = kernel.run(new KernelCalls(library, random));
      for (int i = 0; i < expected.length; i++) {
        if (Float.floatToIntBits(found[i]) != Float.floatToIntBits(expected[i])) {
          assertThat(found[i])
              .as("%s, %s, number %d, seed %d", what, variant, i, seed)
              .isEqualTo(expected[i]);
        }
      }
    }
  }

  /** The result of plain C. */
  private float[] plain(Case kernel) {
    library.use(library.variants().get(0));
    return kernel.run(new KernelCalls(library, random));
  }

  private float[] numbers(int count, float scale) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (random.nextFloat() * 2 - 1) * scale;
      if (random.nextInt(64) == 0) {
        numbers[i] *= 1e-38f;
      }
    }
    return numbers;
  }

  /** Numbers between -1 and 1 that a type of weights holds exactly. */
  private float[] numbers(int count, int type) {
    float[] numbers = numbers(count, 1f);
    for (int i = 0; i < count; i++) {
      if (type == KernelCalls.BFLOAT16) {
        numbers[i] = Float.intBitsToFloat(Float.floatToRawIntBits(numbers[i]) & 0xffff0000);
      } else if (type == KernelCalls.FLOAT16) {
        numbers[i] = Math.round(numbers[i] * 1024) / 1024f;
      }
    }
    return numbers;
  }

  private int fromTo(int from, int to) {
    return from + random.nextInt(to - from + 1);
  }

  @Test
  void thisProcessorRunsWhatTheBuildHas() {
    assertThat(library.variants().get(0)).isIn("generic", "neon");
  }

  @Test
  void linearLayersAreOneChainOfFusedOperations() {
    for (int round = 0; round < ROUNDS; round++) {
      int rows = fromTo(1, 40);
      int in = fromTo(1, 90);
      int out = fromTo(1, 150);
      int type = random.nextInt(3);
      float[] x = numbers(rows * in, 3f);
      float[] weight = numbers(in * out, type);
      float[] bias = random.nextBoolean() ? numbers(out, 1f) : null;
      float[] residual = random.nextBoolean() ? numbers(rows * out, 1f) : null;
      float[] expected = new float[rows * out];
      for (int m = 0; m < rows; m++) {
        for (int n = 0; n < out; n++) {
          float chain = 0;
          for (int k = 0; k < in; k++) {
            chain = Math.fma(x[m * in + k], weight[n * in + k], chain);
          }
          chain = bias == null ? chain : chain + bias[n];
          expected[m * out + n] = residual == null ? chain : residual[m * out + n] + chain;
        }
      }
      sameBits(
          "linear %d x %d x %d".formatted(rows, in, out),
          expected,
          calls -> calls.linear(x, weight, bias, residual, rows, in, out, type, 0));
    }
  }

  @Test
  void integersAreRoundedAndScaledInOneWay() {
    for (int round = 0; round < ROUNDS; round++) {
      int rows = fromTo(1, 40);
      int in = fromTo(1, 90);
      int out = fromTo(1, 150);
      boolean activated = random.nextBoolean();
      float shift = -0.17f;
      float[] x = numbers(rows * in, 3f);
      if (activated) {
        for (int i = 0; i < x.length; i++) {
          x[i] = Math.abs(x[i]) + shift;
        }
      }
      byte[] weight = new byte[in * out];
      for (int i = 0; i < weight.length; i++) {
        // The largest are the most likely to go beyond what 16 bits hold.
        weight[i] = (byte) (random.nextInt(4) == 0 ? 127 : fromTo(-127, 127));
      }
      float[] scale = numbers(out, 0.01f);
      float[] bias = numbers(out, 1f);
      float[] expected = new float[rows * out];
      for (int m = 0; m < rows; m++) {
        float largest = 1e-12f;
        for (int k = 0; k < in; k++) {
          largest = Math.max(largest, Math.abs(x[m * in + k] - (activated ? shift : 0)));
        }
        float steps = activated ? 255 : 127;
        for (int n = 0; n < out; n++) {
          int sum = 0;
          for (int k = 0; k < in; k++) {
            float moved = x[m * in + k] - (activated ? shift : 0);
            sum += (int) Math.rint(moved * (steps / largest)) * weight[n * in + k];
          }
          expected[m * out + n] = Math.fma(sum, scale[n] * (largest / steps), bias[n]);
        }
      }
      sameBits(
          "int8 %d x %d x %d".formatted(rows, in, out),
          expected,
          calls -> calls.int8Linear(x, weight, scale, bias, rows, in, out, activated, shift));
    }
  }

  /** The sum of 16 chains, added up as the kernels do. */
  private static float sum(float[] chains) {
    float[] eight = new float[8];
    for (int i = 0; i < 8; i++) {
      eight[i] = chains[i] + chains[i + 8];
    }
    return ((eight[0] + eight[4]) + (eight[2] + eight[6]))
        + ((eight[1] + eight[5]) + (eight[3] + eight[7]));
  }

  @Test
  void layerNormSumsSixteenChains() {
    for (int round = 0; round < ROUNDS; round++) {
      int rows = fromTo(1, 40);
      int width = fromTo(1, 300);
      float[] x = numbers(rows * width, 3f);
      float[] weight = numbers(width, 1f);
      float[] bias = numbers(width, 1f);
      float[] expected = new float[rows * width];
      for (int m = 0; m < rows; m++) {
        float[] chains = new float[16];
        for (int i = 0; i < width; i++) {
          chains[i % 16] += x[m * width + i];
        }
        float mean = sum(chains) / width;
        float[] squares = new float[16];
        for (int i = 0; i < width; i++) {
          float centred = x[m * width + i] - mean;
          squares[i % 16] = Math.fma(centred, centred, squares[i % 16]);
        }
        float factor = 1 / (float) Math.sqrt(sum(squares) / width + 1e-5f);
        for (int i = 0; i < width; i++) {
          expected[m * width + i] =
              Math.fma((x[m * width + i] - mean) * factor, weight[i], bias[i]);
        }
      }
      sameBits(
          "layer norm %d x %d".formatted(rows, width),
          expected,
          calls -> calls.layerNorm(x, weight, bias, rows, width, 1e-5f));
    }
  }

  @Test
  void embeddingsAreSums() {
    for (int round = 0; round < ROUNDS; round++) {
      int width = fromTo(1, 100);
      int type = random.nextInt(3);
      float[] table = numbers(7 * width, type);
      float[] places = numbers(5 * width, 1f);
      int[] tokens = random.ints(fromTo(1, 40), 0, 7).toArray();
      int[] positions = random.ints(tokens.length, 0, 5).toArray();
      float[] expected = new float[tokens.length * width];
      for (int i = 0; i < expected.length; i++) {
        int row = i / width;
        expected[i] =
            table[tokens[row] * width + i % width] + places[positions[row] * width + i % width];
      }
      sameBits(
          "embedding",
          expected,
          calls -> calls.embedding(table, places, tokens, positions, width, type));
    }
  }

  @Test
  void attentionDoesNotDependOnHowATextIsCut() {
    for (int round = 0; round < ROUNDS; round++) {
      int heads = fromTo(1, 3);
      int width = fromTo(1, 80);
      int positions = fromTo(1, 100);
      int rows = Math.min(fromTo(1, 40), positions);
      boolean half = random.nextBoolean();
      float[] qkv = numbers(rows * 3 * heads * width, 2f);
      float[] whole =
          plain(calls -> calls.attention(qkv, heads, width, positions, half, 0.3f, rows));
      accurate(qkv, heads, width, rows, half, whole);
      sameBits(
          "attention of %d rows at once".formatted(rows),
          whole,
          calls -> calls.attention(qkv, heads, width, positions, half, 0.3f, rows));
      int first = random.nextInt(rows);
      sameBits(
          "attention of %d rows, then all others".formatted(first),
          whole,
          calls -> calls.attention(qkv, heads, width, positions, half, 0.3f, first, rows - first));
      sameBits(
          "attention of %d rows, then one by one".formatted(first),
          whole,
          calls ->
              calls.attention(
                  qkv,
                  heads,
                  width,
                  positions,
                  half,
                  0.3f,
                  IntStream.concat(
                          IntStream.of(first), IntStream.generate(() -> 1).limit(rows - first))
                      .toArray()));
    }
  }

  private static void accurate(
      float[] qkv, int heads, int width, int rows, boolean half, float[] found) {
    for (int row = 0; row < rows; row++) {
      for (int h = 0; h < heads; h++) {
        double[] e = new double[row + 1];
        double total = 0;
        for (int p = 0; p <= row; p++) {
          double score = 0;
          for (int d = 0; d < width; d++) {
            score +=
                (double) qkv[(row * 3 * heads + h) * width + d]
                    * 0.3
                    * qkv[((p * 3 + 1) * heads + h) * width + d];
          }
          e[p] = Math.exp(score);
          total += e[p];
        }
        for (int d = 0; d < width; d++) {
          double z = 0;
          for (int p = 0; p <= row; p++) {
            z += e[p] / total * qkv[((p * 3 + 2) * heads + h) * width + d];
          }
          assertThat((double) found[(row * heads + h) * width + d])
              .isCloseTo(z, within(half ? 3e-2 : 1e-4));
        }
      }
    }
  }

  @Test
  void whatBecomesOfLogitsIsTheSameAndRight() {
    for (int round = 0; round < ROUNDS; round++) {
      int rows = fromTo(1, 9);
      int width = fromTo(1, 3000);
      float[] x = numbers(rows * width, 30f);
      float[] temperatures = new float[rows];
      for (int i = 0; i < rows; i++) {
        temperatures[i] = List.of(1f, 0.7f, 1.3f).get(random.nextInt(3));
      }
      int[] tokens = random.ints(rows, 0, width).toArray();
      float[][] found = new float[4][];
      for (int result = 0; result < 4; result++) {
        int which = result;
        found[result] = plain(calls -> calls.logits(x, temperatures, tokens, width, which));
        sameBits(
            "logits, result " + result,
            found[result],
            calls -> calls.logits(x, temperatures, tokens, width, which));
      }
      for (int m = 0; m < rows; m++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < width; i++) {
          largest = Math.max(largest, (double) x[m * width + i] / temperatures[m]);
        }
        double total = 0;
        double weighted = 0;
        int likelier = 0;
        for (int i = 0; i < width; i++) {
          double below = (double) x[m * width + i] / temperatures[m] - largest;
          total += Math.exp(below);
          weighted += Math.exp(below) * below;
          likelier += x[m * width + i] > x[m * width + tokens[m]] ? 1 : 0;
        }
        double sum = largest + Math.log(total);
        double token = (double) x[m * width + tokens[m]] / temperatures[m];
        assertThat((double) found[KernelCalls.LOG_SUM_EXP][m]).isCloseTo(sum, within(1e-5));
        assertThat((double) found[KernelCalls.SOFTMAX][m * width + tokens[m]])
            .isCloseTo(Math.exp(token - sum), within(1e-5));
        assertThat((double) found[KernelCalls.SCORE][m]).isCloseTo(token - sum, within(1e-4));
        assertThat((double) found[KernelCalls.SCORE][rows + m])
            .isCloseTo(Math.log(total) - weighted / total, within(1e-4));
        assertThat(found[KernelCalls.SCORE][2 * rows + m]).isEqualTo(likelier);
        int first = 0;
        for (int i = 1; i < width; i++) {
          first = x[m * width + i] > x[m * width + first] ? i : first;
        }
        assertThat(found[KernelCalls.ARGMAX][m]).isEqualTo(first);
      }
    }
  }

  @Test
  void theLikeliestOfNumbersThatAreNotFiniteIsNone() {
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] x = numbers(3 * 40, 2f);
      x[40 + random.nextInt(40)] = wrong;
      x[80] = 9;
      x[99] = 9;
      float[] ones = {1, 1, 1};
      int[] tokens = {0, 0, 0};
      for (String variant : library.variants()) {
        library.use(variant);
        float[] found =
            new KernelCalls(library, random).logits(x, ones, tokens, 40, KernelCalls.ARGMAX);
        assertThat(found[1]).as(variant).isEqualTo(-1);
        assertThat(found[2]).as(variant).isZero();
      }
    }
  }

  @Test
  void functionsAreTheSame() {
    for (int round = 0; round < ROUNDS; round++) {
      float[] x = new float[fromTo(1, 5000)];
      for (int i = 0; i < x.length; i++) {
        // Every number is as likely as any other; what is none may differ in its bits.
        x[i] = Float.intBitsToFloat(random.nextInt());
        x[i] = Float.isNaN(x[i]) ? 0 : x[i];
      }
      for (int function = 0; function < 9; function++) {
        int kind = Math.min(function, 2);
        int activation = Math.max(0, function - 2);
        sameBits(
            "function " + function,
            plain(calls -> calls.map(x, kind, activation)),
            calls -> calls.map(x, kind, activation));
      }
    }
  }
}
