package io.github.gpt2server.model.torch.kernels;

import com.sun.jna.Pointer;
import java.util.Random;

/** Calls of kernels with arrays of Java's, whose tensors lie in guarded memory. */
final class KernelCalls {
  private static final int PANEL = 0;
  private static final int LINEAR = 1;
  private static final int INT8_QUANTIZE = 2;
  private static final int INT8_LINEAR = 3;
  private static final int LAYER_NORM = 4;
  private static final int EMBEDDING = 5;
  private static final int WRITE_CACHE = 6;
  private static final int ATTENTION = 7;
  private static final int LOGITS = 8;
  private static final int MAP = 9;

  static final int FLOAT32 = 0;
  static final int BFLOAT16 = 1;
  static final int FLOAT16 = 2;

  static final int SOFTMAX = 0;
  static final int LOG_SUM_EXP = 1;
  static final int SCORE = 2;
  static final int ARGMAX = 3;

  /** As many rows of one slot as attend together, GROUP_ROWS in C. */
  private static final int ROWS_THAT_WRITE_ALONE = 6;

  private final KernelLibrary library;
  private final Random random;

  /**
   * Calls from now on.
   *
   * @param random decides into how many parts the work is cut
   */
  KernelCalls(KernelLibrary library, Random random) {
    this.library = library;
    this.random = random;
  }

  private void run(int kernel, Pointer arguments) {
    library
        .function("gpt2_run")
        .invokeVoid(new Object[] {kernel, arguments, 1L + random.nextInt(7)});
  }

  /** Packs a weight [out, in], as it is or from a copy [in, out]. */
  private Pointer pack(GuardedMemory memory, Pointer weight, int in, int out, int bytes) {
    int group = bytes == 1 ? 4 : 1;
    long size = (out + 15L) / 16 * 16 * ((in + group - 1L) / group * group) * bytes;
    Pointer packed = memory.room(size);
    boolean transposed = random.nextBoolean();
    Pointer numbers = weight;
    if (transposed) {
      numbers = memory.room((long) in * out * bytes);
      for (int n = 0; n < out; n++) {
        for (int k = 0; k < in; k++) {
          long from = ((long) n * in + k) * bytes;
          numbers.write(((long) k * out + n) * bytes, weight.getByteArray(from, bytes), 0, bytes);
        }
      }
    }
    library
        .function("gpt2_pack")
        .invokeVoid(
            new Object[] {
              memory.arguments(
                  numbers,
                  packed,
                  (long) in,
                  (long) out,
                  transposed ? (long) out : 1L,
                  transposed ? 1L : (long) in,
                  bytes)
            });
    return packed;
  }

  /** Numbers in a type, which holds them exactly. */
  private static Pointer numbers(GuardedMemory memory, float[] numbers, int type) {
    if (type == FLOAT32) {
      return memory.of(numbers);
    }
    short[] halves = new short[numbers.length];
    for (int i = 0; i < halves.length; i++) {
      int bits = Float.floatToRawIntBits(numbers[i]);
      if (type == BFLOAT16) {
        halves[i] = (short) (bits >>> 16);
      } else if (numbers[i] != 0) {
        int exponent = ((bits >>> 23) & 255) - 112;
        halves[i] = (short) (((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 1023));
      }
    }
    return memory.of(halves);
  }

  private static int bytes(int type) {
    return type == FLOAT32 ? Float.BYTES : Short.BYTES;
  }

  private static Pointer optional(GuardedMemory memory, float[] numbers) {
    return numbers == null ? null : memory.of(numbers);
  }

  /** x [rows, in] times weight [out, in], which the type holds exactly. */
  float[] linear(
      float[] x,
      float[] weight,
      float[] bias,
      float[] residual,
      int rows,
      int in,
      int out,
      int type,
      int activation) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      Pointer y = memory.room(4L * rows * out);
      Pointer packed = pack(memory, numbers(memory, weight, type), in, out, bytes(type));
      Pointer numbersOfRows = memory.of(x);
      Pointer arguments =
          memory.arguments(
              numbersOfRows,
              packed,
              optional(memory, bias),
              optional(memory, residual),
              rows == 1 ? numbersOfRows : memory.room(4L * rows * (in + 16)),
              y,
              (long) rows,
              (long) in,
              (long) out,
              type,
              activation);
      if (rows > 1) {
        run(PANEL, arguments);
      }
      run(LINEAR, arguments);
      return y.getFloatArray(0, rows * out);
    }
  }

  float[] int8Linear(
      float[] x,
      byte[] weight,
      float[] scale,
      float[] bias,
      int rows,
      int in,
      int out,
      boolean activated,
      float shift) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      int[] sums = new int[out];
      for (int n = 0; n < out; n++) {
        for (int k = 0; k < in; k++) {
          sums[n] += weight[n * in + k];
        }
      }
      Pointer y = memory.room(4L * rows * out);
      Pointer arguments =
          memory.arguments(
              memory.of(x),
              pack(memory, memory.of(weight), in, out, 1),
              memory.of(scale),
              memory.of(sums),
              memory.of(bias),
              null,
              null,
              y,
              memory.room((long) rows * ((in + 3L) / 4 * 4)),
              memory.room(4L * rows),
              (long) rows,
              (long) in,
              (long) out,
              shift,
              activated ? 1 : 0,
              0);
      run(INT8_QUANTIZE, arguments);
      run(INT8_LINEAR, arguments);
      return y.getFloatArray(0, rows * out);
    }
  }

  float[] layerNorm(float[] x, float[] weight, float[] bias, int rows, int width, float epsilon) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      Pointer y = memory.room(4L * rows * width);
      run(
          LAYER_NORM,
          memory.arguments(
              memory.of(x),
              memory.of(weight),
              memory.of(bias),
              y,
              (long) rows,
              (long) width,
              epsilon));
      return y.getFloatArray(0, rows * width);
    }
  }

  float[] embedding(
      float[] table, float[] places, int[] tokens, int[] positions, int width, int type) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      Pointer y = memory.room(4L * tokens.length * width);
      run(
          EMBEDDING,
          memory.arguments(
              pack(memory, numbers(memory, table, type), width, table.length / width, bytes(type)),
              memory.of(places),
              memory.of(tokens),
              memory.of(positions),
              y,
              (long) tokens.length,
              (long) width,
              type));
      return y.getFloatArray(0, tokens.length * width);
    }
  }

  /**
   * Attention of the rows of one text, which are written to slot 1 of 2 in steps. Before them come
   * rows of another text, in slot 0, whose positions are those before theirs.
   *
   * @param qkv [rows, 3, heads, width]
   * @param steps how many rows each step has
   */
  float[] attention(
      float[] qkv, int heads, int width, int positions, boolean half, float scale, int... steps) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      int bytes = half ? 2 : 4;
      long keyNumbers = 2L * heads * ((positions + 15L) / 16 * 16) * width;
      Pointer keys = memory.room(keyNumbers * bytes);
      Pointer values = memory.room(2L * heads * positions * width * bytes);
      Pointer scratch = memory.room(4L * 4 * 6 * (width + (positions + 15L) / 16 * 16 + 16));
      float[] all = new float[qkv.length / 3];
      int row = 0;
      for (int own : steps) {
        int others = Math.min(row, 5);
        int rows = others + own;
        int[] places = new int[rows];
        int[] slots = new int[rows];
        for (int i = 0; i < rows; i++) {
          places[i] = row - others + i;
          slots[i] = i < others ? 0 : 1;
        }
        int numbers = 3 * heads * width;
        float[] some = new float[rows * numbers];
        for (int i = 0; i < others * numbers; i++) {
          some[i] = random.nextFloat();
        }
        System.arraycopy(qkv, row * numbers, some, others * numbers, own * numbers);
        Pointer y = memory.room(4L * rows * heads * width);
        Pointer arguments =
            memory.arguments(
                memory.of(some),
                keys,
                values,
                memory.of(places),
                memory.of(slots),
                y,
                scratch,
                (long) rows,
                (long) heads,
                (long) width,
                (long) positions,
                half ? 2 : 0,
                scale);
        if (rows > ROWS_THAT_WRITE_ALONE) {
          run(WRITE_CACHE, arguments);
        }
        run(ATTENTION, arguments);
        y.read(4L * others * heads * width, all, row * heads * width, own * heads * width);
        row += own;
      }
      return all;
    }
  }

  float[] logits(float[] x, float[] temperatures, int[] tokens, int width, int result) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      int rows = temperatures.length;
      int count = result == SOFTMAX ? rows * width : result == SCORE ? 3 * rows : rows;
      Pointer y = memory.room(4L * count);
      run(
          LOGITS,
          memory.arguments(
              memory.of(x),
              memory.of(temperatures),
              memory.of(tokens),
              y,
              (long) rows,
              (long) width,
              result));
      return y.getFloatArray(0, count);
    }
  }

  /** A function of numbers: 0 is exp, 1 is log, 2 an activation. */
  float[] map(float[] x, int function, int activation) {
    try (GuardedMemory memory = new GuardedMemory(random)) {
      Pointer y = memory.room(4L * x.length);
      run(MAP, memory.arguments(memory.of(x), y, (long) x.length, function, activation));
      return y.getFloatArray(0, x.length);
    }
  }
}
