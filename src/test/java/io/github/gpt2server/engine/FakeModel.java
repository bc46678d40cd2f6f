package io.github.gpt2server.engine;

import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/**
 * A model whose next token is a hash of all tokens before it, so that a token in a wrong slot or at
 * a wrong position shows in the answer. A test can hold its steps back and make tokens poisonous.
 */
public final class FakeModel implements LanguageModel {
  static final int VOCAB = 1000;

  /** Number of tokens in a block of the prefix cache. */
  public static final int BLOCK_LENGTH = 32;

  /** A step that contains this token throws. */
  static final int POISON = 999;

  /** A step that contains this token throws an Error. */
  static final int DEATH = 998;

  /** The logits after this token are not numbers. */
  static final int NOT_A_NUMBER = 997;

  /**
   * What a request that begins with this token needs memory for, there is none: see {@link Need}.
   */
  static final int HUNGRY = 996;

  /** The operations that may need memory. */
  enum Need {
    STEP,
    ARGMAX,
    LOGITS,
    LOG_SUM_EXP,
    SCORE,
    SOFTMAX,
    CLOSE,
    CLEAR
  }

  /** The operation for which hungry requests get no memory, or null. */
  volatile Need shortage;

  /** Number of further calls of {@link #contextLength} that get no memory. */
  final AtomicInteger shortCalls = new AtomicInteger();

  private final int[][] cache;
  private final int[][] blocks;
  private final int contextLength;
  final AtomicInteger steps = new AtomicInteger();
  public final List<StepPlan> plans = new ArrayList<>();
  final List<Integer> cleared = new ArrayList<>();

  /** A permit for each step, if not null. */
  volatile Semaphore permits;

  /** A step of more rows of logits than this throws. */
  volatile int maxRows = Integer.MAX_VALUE;

  /** Number of preceding tokens that count; with few of them the text soon repeats itself. */
  volatile int memory = Integer.MAX_VALUE;

  /** After every so-manieth position comes another token than should; 0 for none. */
  volatile int slip;

  /** The next token's logit; all others are 0. */
  volatile float peak = 10;

  /** Whether the logits of tokens below 900 are hashes from 0 to below {@link #peak}, not 0. */
  volatile boolean spread;

  /** Number of slots for the warm-up; 0 for all. */
  int warmUpSlots;

  volatile boolean closed;

  /** Whether copying between the caches fails. */
  public volatile boolean copyingFails;

  public FakeModel(int slots, int contextLength) {
    this(slots, contextLength, 0);
  }

  public FakeModel(int slots, int contextLength, int blocks) {
    this.cache = new int[slots][contextLength];
    this.blocks = new int[blocks][BLOCK_LENGTH];
    this.contextLength = contextLength;
  }

  /** The {@code count} tokens that the model generates after {@code prompt}. */
  public static List<Integer> continuation(int[] prompt, int count) {
    List<Integer> tokens = new ArrayList<>(IntStream.of(prompt).boxed().toList());
    for (int i = 0; i < count; i++) {
      int[] before = tokens.stream().mapToInt(Integer::intValue).toArray();
      tokens.add(next(before, 0, before.length));
    }
    return tokens.subList(prompt.length, tokens.size());
  }

  private static int next(int[] tokens, int from, int end) {
    long hash = 17;
    for (int i = from; i < end; i++) {
      hash = (hash ^ tokens[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return (int) Math.floorMod(hash, 900L);
  }

  @Override
  public int vocabSize() {
    return VOCAB;
  }

  @Override
  public int contextLength() {
    if (shortCalls.getAndUpdate(calls -> Math.max(0, calls - 1)) > 0) {
      throw new OutOfMemoryError("Java heap space");
    }
    return contextLength;
  }

  @Override
  public int slots() {
    return cache.length;
  }

  @Override
  public int warmUpSlots() {
    return warmUpSlots > 0 ? warmUpSlots : slots();
  }

  @Override
  public int blocks() {
    return blocks.length;
  }

  @Override
  public int blockLength() {
    return BLOCK_LENGTH;
  }

  @Override
  public boolean reproducible() {
    return true;
  }

  @Override
  public void retain(List<BlockCopy> copies) {
    for (BlockCopy copy : copies) {
      copy(cache[copy.slot()], copy.start(), blocks[copy.block()], 0, copy.length());
    }
  }

  @Override
  public void restore(List<BlockCopy> copies) {
    for (BlockCopy copy : copies) {
      copy(blocks[copy.block()], 0, cache[copy.slot()], copy.start(), copy.length());
    }
  }

  @Override
  public void fork(List<SlotCopy> copies) {
    for (SlotCopy each : copies) {
      int length = each.end() - each.start();
      copy(cache[each.from()], each.start(), cache[each.to()], each.start(), length);
    }
  }

  private void copy(int[] from, int at, int[] to, int start, int length) {
    if (copyingFails) {
      throw new IllegalStateException("no copies");
    }
    System.arraycopy(from, at, to, start, length);
  }

  @Override
  public StepResult step(StepPlan plan) {
    if (permits != null) {
      permits.acquireUninterruptibly();
    }
    if (plan.chunks().mapToInt(Chunk::logitRows).sum() > maxRows) {
      throw new IllegalStateException("too many rows");
    }
    List<float[]> rows = new ArrayList<>();
    List<float[]> states = new ArrayList<>();
    List<Integer> slots = new ArrayList<>();
    for (Chunk chunk : plan.chunks().toList()) {
      for (int i = 0; i < chunk.length(); i++) {
        write(chunk.slot(), chunk.start() + i, chunk.tokens()[i]);
        if (i >= chunk.logitsFrom()) {
          rows.add(row(chunk.slot(), chunk.start() + i));
          states.add(plan.states() ? state(chunk.slot(), chunk.start() + i) : null);
          slots.add(chunk.slot());
        }
      }
    }
    synchronized (plans) {
      plans.add(plan);
    }
    steps.incrementAndGet();
    plan.prompts().forEach(chunk -> feed(Need.STEP, chunk.slot()));
    return new Result(rows, states, (need, row) -> feed(need, slots.get(row)));
  }

  /** Throws if the request in a slot needs this and there is none. */
  private void feed(Need need, int slot) {
    if (need == shortage && cache[slot][0] == HUNGRY) {
      throw new OutOfMemoryError("Java heap space");
    }
  }

  private void write(int slot, int position, int token) {
    if (token == POISON) {
      throw new IllegalStateException("poison");
    }
    if (token == DEATH) {
      throw new LinkageError("death");
    }
    cache[slot][position] = token;
  }

  private float[] row(int slot, int position) {
    float[] row = new float[VOCAB];
    if (spread) {
      int hash = next(cache[slot], 0, position + 1);
      for (int i = 0; i < 900; i++) {
        row[i] = peak * (Math.floorMod((hash + 1) * (i + 7) * 0x9E3779B9, 65536) / 65536f);
      }
    }
    int token = next(cache[slot], Math.max(0, position + 1 - memory), position + 1);
    row[slip > 0 && position % slip == 0 ? token + 1 : token] = peak;
    if (cache[slot][position] == NOT_A_NUMBER) {
      row[3] = Float.NaN;
    }
    return row;
  }

  /** A few numbers that depend on all tokens up to a position. */
  private float[] state(int slot, int position) {
    int hash = next(cache[slot], 0, position + 1);
    float[] state = new float[5];
    for (int i = 0; i < state.length; i++) {
      state[i] = Math.floorMod((hash + 1) * (i + 3) * 0x9E3779B9, 65536) / 65536f - 0.3f;
    }
    return state;
  }

  @Override
  public ModelTask<InspectionResult> inspect(Inspection inspection) {
    throw new UnsupportedOperationException("there is nothing inside to look at");
  }

  @Override
  public void clear(int slot) {
    synchronized (plans) {
      cleared.add(slot);
    }
    boolean hungry = shortage == Need.CLEAR && cache[slot][0] == HUNGRY;
    Arrays.fill(cache[slot], 0);
    if (hungry) {
      throw new OutOfMemoryError("Java heap space");
    }
  }

  @Override
  public ModelTask<List<float[][]>> embed(EmbeddingPlan plan) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ModelTask<Map<Integer, Float>> nearestTokens(int[] positive, int[] negative, int count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    closed = true;
  }

  /**
   * @param memory throws if there is none for something that a row needs
   */
  private record Result(List<float[]> rows, List<float[]> states, ObjIntConsumer<Need> memory)
      implements StepResult {
    @Override
    public float[] state(int row) {
      return states.get(row).clone();
    }

    private void need(Need need, int... wanted) {
      for (int row : wanted) {
        memory.accept(need, row);
      }
    }

    @Override
    public int[] argmax() {
      need(Need.ARGMAX, IntStream.range(0, rows.size()).toArray());
      return rows.stream().mapToInt(Result::argmax).toArray();
    }

    private static int argmax(float[] row) {
      int best = 0;
      for (int i = 0; i < row.length; i++) {
        if (Float.isNaN(row[i])) {
          return -1;
        }
        best = row[i] > row[best] ? i : best;
      }
      return best;
    }

    @Override
    public FloatBuffer logits(int row) {
      need(Need.LOGITS, row);
      return FloatBuffer.wrap(rows.get(row));
    }

    @Override
    public float[] logSumExp(int[] wanted, double[] temperatures) {
      need(Need.LOG_SUM_EXP, wanted);
      float[] sums = new float[wanted.length];
      for (int i = 0; i < wanted.length; i++) {
        sums[i] = (float) Math.log(sum(rows.get(wanted[i]), temperatures[i]));
      }
      return sums;
    }

    @Override
    public float[][] score(int[] wanted, int[] tokens, double[] temperatures) {
      need(Need.SCORE, wanted);
      float[][] scores = new float[3][wanted.length];
      for (int i = 0; i < wanted.length; i++) {
        float[] row = rows.get(wanted[i]);
        double sum = Math.log(sum(row, temperatures[i]));
        scores[0][i] = (float) (row[tokens[i]] / temperatures[i] - sum);
        for (float logit : row) {
          double logprob = logit / temperatures[i] - sum;
          scores[1][i] -= (float) (Math.exp(logprob) * logprob);
          scores[2][i] += logit > row[tokens[i]] ? 1 : 0;
        }
      }
      return scores;
    }

    @Override
    public FloatBuffer[] softmax(int[] wanted, double[] temperatures) {
      need(Need.SOFTMAX, wanted);
      FloatBuffer[] result = new FloatBuffer[wanted.length];
      for (int i = 0; i < wanted.length; i++) {
        float[] row = rows.get(wanted[i]);
        double sum = sum(row, temperatures[i]);
        result[i] = FloatBuffer.allocate(row.length);
        for (int t = 0; t < row.length; t++) {
          result[i].put(t, (float) (Math.exp(row[t] / temperatures[i]) / sum));
        }
      }
      return result;
    }

    private static double sum(float[] row, double temperature) {
      double sum = 0;
      for (float logit : row) {
        sum += Math.exp(logit / temperature);
      }
      return sum;
    }

    @Override
    public void close() {
      need(Need.CLOSE, IntStream.range(0, rows.size()).toArray());
    }
  }
}
