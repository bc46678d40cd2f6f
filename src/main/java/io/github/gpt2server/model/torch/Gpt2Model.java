package io.github.gpt2server.model.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.nio.LongBuffer;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners") as a
 * TorchScript program in libtorch, reached through DJL. One {@link #step} is one call into it: what
 * goes in are token ids, positions and slots, what comes out are logits. The program's text is in
 * {@code /gpt2/} on the class path.
 */
public final class Gpt2Model implements LanguageModel {
  private static final Logger log = LoggerFactory.getLogger(Gpt2Model.class);

  private static final int SAMPLE_TOKENS = 64;

  /** Number of tokens that pass all blocks in about the time of a task's slice. */
  private static final int SLICE_TOKENS = 64;

  private final Gpt2Config config;
  private final CacheSize cache;
  private final boolean onCpu;
  private final TorchProgram program;

  private final ArithmeticReport arithmetic;

  private Gpt2Model(
      Gpt2Config config,
      CacheSize cache,
      boolean onCpu,
      TorchProgram program,
      ArithmeticReport arithmetic) {
    this.config = config;
    this.cache = cache;
    this.onCpu = onCpu;
    this.program = program;
    this.arithmetic = arithmetic;
  }

  /**
   * {@link #load(Gpt2Config, Weights, TorchDevice, WeightType, CacheSize, int[])} where no
   * tokenizer is at hand: the sample is of tokens from all over the vocabulary.
   */
  public static Gpt2Model load(
      Gpt2Config config, Weights weights, TorchDevice device, WeightType type, CacheSize cache) {
    return load(config, weights, device, type, cache, sample(config));
  }

  /** A sample for int8 where no text can be had: tokens from all over the vocabulary. */
  public static int[] sample(Gpt2Config config) {
    int count = Math.min(SAMPLE_TOKENS, config.contextLength());
    return IntStream.range(0, count)
        .map(i -> (int) ((long) i * config.vocabSize() / count))
        .toArray();
  }

  /**
   * Loads weights into libtorch and allocates the caches. Weights are streamed, one block at a
   * time, from the files' mapped bytes.
   *
   * @param device a device that exists
   * @param type the type of the weights in memory; float16 needs a GPU, int8 a CPU
   * @param sample tokens of a text on which int8 tries every layer
   * @throws ModelLoadException if a file cannot be read, or if this machine computes wrong numbers
   */
  public static Gpt2Model load(
      Gpt2Config config,
      Weights weights,
      TorchDevice device,
      WeightType type,
      CacheSize cache,
      int[] sample) {
    Map<Kernels, ProgramSource> programs = new EnumMap<>(Kernels.class);
    Kernels.of(device).forEach(kernels -> programs.put(kernels, ProgramSource.of(kernels)));
    return load(config, weights, device, type, cache, sample, programs);
  }

  /**
   * Loads with one of these programs.
   *
   * @param programs the programs by their kernels, best first
   */
  static Gpt2Model load(
      Gpt2Config config,
      Weights weights,
      TorchDevice device,
      WeightType type,
      CacheSize cache,
      int[] sample,
      Map<Kernels, ProgramSource> programs) {
    TorchRuntime.load();
    if (device.isCpu()) {
      // libtorch must know the operators of a program that it compiles.
      CpuKernels.ready();
    }
    ArithmeticReport wrong = null;
    for (Map.Entry<Kernels, ProgramSource> candidate : programs.entrySet()) {
      Kernels kernels = candidate.getKey();
      if (wrong != null) {
        log.warn(
            "The {} kernels compute wrong numbers on this machine: {}; libtorch's plain operators"
                + " are used instead, which are slower",
            wrong.kernels().label(),
            wrong.worst());
      }
      Gpt2Model model;
      try {
        TorchProgram program = compile(config, kernels, device, type, candidate.getValue());
        model = load(program, kernels, config, weights, device, type, cache, sample);
      } catch (EngineException e) {
        if (kernels == Kernels.LIBTORCH || AllocationFailure.asked(e).isPresent()) {
          throw e;
        }
        log.warn(
            "The {} kernels cannot compute {} on this machine; libtorch's plain operators are used"
                + " instead, which are slower",
            kernels.label(),
            type.label());
        log.debug("Why they cannot", e);
        continue;
      }
      if (model.arithmetic.passed()) {
        return model;
      }
      wrong = model.arithmetic;
      model.close();
    }
    throw new ModelLoadException(
        "this machine computes wrong numbers: %s; no model is served, since its answers would be wrong"
                .formatted(wrong.worst())
            + (type == WeightType.FLOAT32 ? "" : " (try gpt2.dtype=float32)"));
  }

  private static Gpt2Model load(
      TorchProgram program,
      Kernels kernels,
      Gpt2Config config,
      Weights weights,
      TorchDevice device,
      WeightType type,
      CacheSize cache,
      int[] sample) {
    try {
      NativeMemory.load(() -> new WeightLoader(program, config, weights).load(type, sample));
      program.run(
          "allocate_caches",
          IValue.from(cache.slots()),
          IValue.from(config.contextLength()),
          IValue.from(config.headWidth()),
          IValue.from(cache.blocks()),
          IValue.from(cache.blockLength()));
      ArithmeticReport report =
          new ArithmeticCheck(program, config, weights, type).run(kernels, cache);
      log.debug("{} checked in {} ms: {}", kernels, report.took().toMillis(), report.findings());
      return new Gpt2Model(config, cache, device.isCpu(), program, report);
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  /**
   * Bytes that the weights take in memory: those of the blocks in {@code type}, and the embeddings.
   * Layers that int8 does not suit are not known before, and counted as if it did.
   *
   * @param tied whether the unembedding is the token embedding
   */
  public static long weightBytes(Gpt2Config config, boolean tied, WeightType type) {
    long width = config.width();
    long norms = 4 * width;
    long attention = 4 * width * width + 4 * width;
    long mlp = 2 * width * config.innerWidth() + config.innerWidth() + width;
    return 4L * config.contextLength() * width
        + config.vocabSize() * width * tokenBytes(tied, type)
        + config.layers() * (norms + attention + mlp) * type.bytes();
  }

  /**
   * Bytes that a number of the embedding and one of the unembedding take together. With kernels in
   * C they are one tensor where they are tied, but for int8, which quantizes the unembedding.
   */
  private static int tokenBytes(boolean tied, WeightType type) {
    if (type != WeightType.FLOAT16 && CpuKernels.ready()) {
      return switch (type) {
        case FLOAT32 -> tied ? 4 : 8;
        case INT8 -> tied ? 3 : 4;
        case BFLOAT16, FLOAT16 -> tied ? 2 : 4;
      };
    }
    return switch (type) {
      case FLOAT32, FLOAT16, BFLOAT16 -> 8;
      case INT8 -> 5;
    };
  }

  /** Bytes that the KV cache takes: keys and values of every layer, slot and position. */
  public static long cacheBytes(Gpt2Config config, WeightType type, int slots) {
    return (long) slots * config.contextLength() * positionBytes(config, type);
  }

  /** Bytes that the prefix cache takes when it is full. */
  public static long prefixCacheBytes(Gpt2Config config, WeightType type, CacheSize cache) {
    return (long) cache.blocks() * cache.blockLength() * positionBytes(config, type);
  }

  private static long positionBytes(Gpt2Config config, WeightType type) {
    WeightType cached = CpuKernels.ready() ? cacheType(config, type) : attentionType(config, type);
    return 2L * config.layers() * config.width() * cached.bytes();
  }

  /**
   * The type of queries, keys, values and attention scores by libtorch's operators. With int8 it is
   * float32. A model trained with scores in float32 ({@code reorder_and_upcast_attn}) gets all of
   * its attention in it, whatever its weights are; the reordering, which scales queries and keys
   * before they meet instead of the scores, changes nothing there. Source: Mistral, Stanford CRFM,
   * 2021.
   */
  private static WeightType attentionType(Gpt2Config config, WeightType type) {
    return config.reorderAndUpcastAttn() || type == WeightType.INT8 ? WeightType.FLOAT32 : type;
  }

  /**
   * The type of keys and values in the caches of the kernels in C. Where weights have less than 32
   * bits it is float16, which a CPU reads as fast as bfloat16 and which has eight times its
   * precision.
   */
  private static WeightType cacheType(Gpt2Config config, WeightType type) {
    return config.reorderAndUpcastAttn() || type == WeightType.FLOAT32
        ? WeightType.FLOAT32
        : WeightType.FLOAT16;
  }

  private static TorchProgram compile(
      Gpt2Config config,
      Kernels kernels,
      TorchDevice device,
      WeightType type,
      ProgramSource source) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("device", device.toString());
    WeightType attention = kernels == Kernels.C ? WeightType.FLOAT32 : attentionType(config, type);
    settings.put("dtype", attention.code());
    // libtorch's attention wants the cache in its own type.
    WeightType cached = kernels == Kernels.C ? cacheType(config, type) : attention;
    settings.put("cache_dtype", cached.code());
    // With int8, that of the layers it does not suit.
    WeightType unquantized = type == WeightType.INT8 ? WeightType.BFLOAT16 : type;
    settings.put("weight_dtype", unquantized.code());
    settings.put("layers", config.layers());
    settings.put("heads", config.heads());
    settings.put("vocabulary", config.vocabSize());
    settings.put("activation", config.activation().name().toLowerCase(Locale.ROOT));
    settings.put("activation_number", CpuKernels.number(config.activation()));
    settings.put("activation_minimum", config.activation().minimum());
    settings.put("eps", config.layerNormEpsilon());
    settings.put("minus_infinity", Double.NEGATIVE_INFINITY);
    settings.put("scales", attentionScales(config));
    return TorchProgram.load(device.djl(), source, settings);
  }

  /** The errors of the model's operators on this machine. */
  public ArithmeticReport arithmetic() {
    return arithmetic;
  }

  /** The factors of attention scores, one for each layer. */
  private static List<Double> attentionScales(Gpt2Config config) {
    double base = config.scaleAttnWeights() ? 1 / Math.sqrt(config.headWidth()) : 1;
    return IntStream.range(0, config.layers())
        .mapToObj(layer -> config.scaleAttnByInverseLayerIdx() ? base / (layer + 1) : base)
        .toList();
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  @Override
  public int contextLength() {
    return config.contextLength();
  }

  @Override
  public int slots() {
    return cache.slots();
  }

  @Override
  public int warmUpSlots() {
    return onCpu ? Math.min(2, cache.slots()) : cache.slots();
  }

  @Override
  public int blocks() {
    return cache.blocks();
  }

  @Override
  public boolean reproducible() {
    return arithmetic.kernels() == Kernels.C;
  }

  @Override
  public int blockLength() {
    return cache.blockLength();
  }

  @Override
  public void retain(List<BlockCopy> copies) {
    program.run("retain", numbers(copies));
  }

  @Override
  public void restore(List<BlockCopy> copies) {
    program.run("restore", numbers(copies));
  }

  /** Slot, start, length and block of each copy. */
  private static IValue numbers(List<BlockCopy> copies) {
    return IValue.listFrom(
        copies.stream()
            .flatMapToLong(
                copy -> LongStream.of(copy.slot(), copy.start(), copy.length(), copy.block()))
            .toArray());
  }

  @Override
  public void fork(List<SlotCopy> copies) {
    program.run(
        "fork",
        IValue.listFrom(
            copies.stream()
                .flatMapToLong(
                    copy -> LongStream.of(copy.from(), copy.to(), copy.start(), copy.end()))
                .toArray()));
  }

  @Override
  public StepResult step(StepPlan plan) {
    int count = plan.decodeRows() + plan.promptTokens();
    LongBuffer tokens = LongBuffer.allocate(count);
    LongBuffer positions = LongBuffer.allocate(count);
    LongBuffer slots = LongBuffer.allocate(count);
    LongStream.Builder chunks = LongStream.builder();
    LongStream.Builder rows = LongStream.builder();
    plan.chunks()
        .forEach(
            chunk -> {
              chunks.add(chunk.slot()).add(chunk.start()).add(chunk.length());
              for (int i = 0; i < chunk.length(); i++) {
                if (i >= chunk.logitsFrom()) {
                  rows.add(tokens.position());
                }
                tokens.put(chunk.tokens()[i]);
                positions.put((long) chunk.start() + i);
                slots.put(chunk.slot());
              }
            });
    PtNDManager scope = program.scope();
    try {
      PtNDArray output =
          program.tensor(
              scope,
              plan.states() ? "step_outputs" : "step",
              IValue.listFrom(tokens.array()),
              IValue.listFrom(positions.array()),
              IValue.listFrom(slots.array()),
              IValue.listFrom(chunks.build().toArray()),
              IValue.from(plan.decodes().size()),
              IValue.listFrom(rows.build().toArray()));
      if (!plan.states()) {
        return new TorchStepResult(program, scope, output, null, config.vocabSize());
      }
      PtNDArray logits = program.tensor(scope, "unembed", IValue.from(output));
      PtNDArray states = program.tensor(scope, "final_norm", IValue.from(output));
      return new TorchStepResult(program, scope, logits, states, config.vocabSize());
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  @Override
  public ModelTask<InspectionResult> inspect(Inspection inspection) {
    return new InspectionTask(program, config, inspection);
  }

  @Override
  public void clear(int slot) {
    program.run("clear", IValue.from(slot));
  }

  @Override
  public ModelTask<List<float[][]>> embed(EmbeddingPlan plan) {
    return new EmbeddingTask(program, plan, (long) SLICE_TOKENS * config.layers());
  }

  @Override
  public ModelTask<Map<Integer, Float>> nearestTokens(int[] positive, int[] negative, int count) {
    return new NearestTokensTask(program, positive, negative, count);
  }

  @Override
  public void close() {
    program.close();
  }
}
