package io.github.gpt2server.model.torch;

import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.ArithmeticReport.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Tries the operators of a loaded model on a few rows and compares them with float64, before the
 * model is served: kernels of numeric libraries have been wrong on some processors and right on
 * others. Every distinct shape of linear layer is tried, for the kernel is chosen by the shape. See
 * {@code self_check.py}.
 */
final class ArithmeticCheck {
  /** The largest rounding errors of sums in float32, in 16 bits, and of attention in 16 bits. */
  private static final double FLOAT32_LIMIT = 1e-4;

  private static final double HALF_LIMIT = 1e-2;
  private static final double HALF_ATTENTION_LIMIT = 4e-2;

  private static final List<String> SMALL_OPERATORS =
      List.of("embedding", "layer norm", "activation");

  private static final List<String> LOGIT_OPERATORS =
      List.of("log-sum-exp", "softmax", "log-probability", "entropy", "rank", "argmax");

  private static final List<String> LAYERS =
      List.of("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj");

  private final TorchProgram program;
  private final Gpt2Config config;
  private final Weights weights;
  private final WeightType type;
  private final List<Finding> findings = new ArrayList<>();

  ArithmeticCheck(TorchProgram program, Gpt2Config config, Weights weights, WeightType type) {
    this.program = program;
    this.config = config;
    this.weights = weights;
    this.type = type;
  }

  /** Checks every operator; the caches have to be allocated and not in use. */
  ArithmeticReport run(Kernels kernels, CacheSize cache) {
    long begin = System.nanoTime();
    checkLinearLayers(kernels);
    checkHead();
    addAll(SMALL_OPERATORS, program.numbers("check_small_operators"));
    addAll(LOGIT_OPERATORS, program.numbers("check_logits"));
    add(
        "attention",
        program.number("check_attention", IValue.from(cache.slots()), IValue.from(config.width())),
        type == WeightType.FLOAT32 ? FLOAT32_LIMIT : HALF_ATTENTION_LIMIT);
    return new ArithmeticReport(
        kernels, List.copyOf(findings), Duration.ofNanos(System.nanoTime() - begin));
  }

  private void checkLinearLayers(Kernels kernels) {
    WeightType unquantized = type == WeightType.INT8 ? WeightType.BFLOAT16 : type;
    // The kernels in C compute in float32 whatever the weights are.
    double limit =
        unquantized == WeightType.FLOAT32 || kernels == Kernels.C ? FLOAT32_LIMIT : HALF_LIMIT;
    Set<List<Long>> shapes = new HashSet<>();
    for (String layer : LAYERS) {
      OptionalInt plain = firstBlock(layer, false);
      if (plain.isPresent()) {
        String name = "h.%d.%s".formatted(plain.getAsInt(), layer);
        long[] shape = weights.get(name + ".weight").shape();
        if (shapes.add(List.of(shape[0], shape[1]))) {
          add(
              "linear %d -> %d (%s)".formatted(shape[0], shape[1], unquantized.label()),
              number("check_linear", name + ".weight", name + ".bias"),
              limit);
        }
      }
      OptionalInt quantized = firstBlock(layer, true);
      if (quantized.isPresent()) {
        long[] shape = weights.get("h.0." + layer + ".weight").shape();
        add(
            "linear %d -> %d (int8)".formatted(shape[0], shape[1]),
            program.number(
                "check_quantized_linear", IValue.from(quantized.getAsInt()), IValue.from(layer)),
            FLOAT32_LIMIT);
      }
    }
  }

  /** The first block whose layer is quantized, or is not. */
  private OptionalInt firstBlock(String layer, boolean quantized) {
    return IntStream.range(0, config.layers())
        .filter(
            block ->
                quantized == program.flag("is_quantized", IValue.from(block), IValue.from(layer)))
        .findFirst();
  }

  private void checkHead() {
    String name = "unembedding %d -> %d".formatted(config.width(), config.vocabSize());
    double error =
        program.flag("head_is_quantized")
            ? program.number("check_quantized_head")
            : number("check_head", "lm_head.weight");
    add(name, error, FLOAT32_LIMIT);
  }

  private double number(String method, String... tensors) {
    try (WeightViews views = new WeightViews(program, weights)) {
      return program.number(method, Stream.of(tensors).map(views::of).toArray(IValue[]::new));
    }
  }

  private void addAll(List<String> operators, double[] errors) {
    for (int i = 0; i < errors.length; i++) {
      add(operators.get(i), errors[i], FLOAT32_LIMIT);
    }
  }

  private void add(String operator, double error, double limit) {
    findings.add(new Finding(operator, error, limit));
  }
}
