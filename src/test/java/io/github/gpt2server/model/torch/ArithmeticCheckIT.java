package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.ArithmeticReport.Finding;
import io.github.gpt2server.testing.OneCore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The check of the operators before a model is served: with right ones and with wrong ones. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class ArithmeticCheckIT {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");
  private static final Gpt2Config CONFIG = Gpt2Config.read(EMBEDDED);

  /** The end of the call of the linear layer in C. */
  private static final String LINEAR = "__torch__.no_residual(), bias.size(0), 0)";

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void findsTheKernelsOfThisMachineRight(WeightType type) {
    for (Kernels kernels : Kernels.values()) {
      try (Gpt2Model model = load(type, Map.of(kernels, ProgramSource.of(kernels)))) {
        ArithmeticReport report = model.arithmetic();
        assertThat(report.findings().stream().map(Finding::operator))
            .containsExactly(
                "linear 320 -> 960 (%s)".formatted(type.label()),
                "linear 320 -> 320 (%s)".formatted(type.label()),
                "linear 320 -> 1280 (%s)".formatted(type.label()),
                "linear 1280 -> 320 (%s)".formatted(type.label()),
                "unembedding 320 -> 4096",
                "embedding",
                "layer norm",
                "activation",
                "log-sum-exp",
                "softmax",
                "log-probability",
                "entropy",
                "rank",
                "argmax",
                "attention");
        assertThat(report.passed()).isTrue();
        assertThat(report.largestError()).isBetween(1e-9, type == WeightType.FLOAT32 ? 1e-5 : 2e-2);
      }
    }
  }

  @Test
  void saysNothingOfRightKernels(CapturedOutput output) {
    try (Gpt2Model model = load(WeightType.FLOAT32, programs(ProgramSource.of(Kernels.C)))) {
      assertThat(model.arithmetic().kernels()).isEqualTo(Kernels.C);
      assertThat(output).doesNotContain("wrong numbers");
    }
  }

  /** A change of the text around the kernels in C, and what the check says of it. */
  static Stream<Arguments> wrongKernels() {
    return Stream.of(
        Arguments.of(
            "one output of many",
            WeightType.FLOAT32,
            LINEAR,
            LINEAR + " + torch.cat([torch.zeros([bias.size(0) - 1]), torch.full([1], 0.5)], 0)",
            "linear 320 -> "),
        Arguments.of(
            "many rows alone",
            WeightType.FLOAT32,
            LINEAR,
            LINEAR + " * (1. + 0.001 * float(x.size(0) > 20))",
            "linear "),
        Arguments.of(
            "a part in a thousand", WeightType.BFLOAT16, LINEAR, LINEAR + " * 1.001", "(bfloat16)"),
        Arguments.of(
            "the unembedding",
            WeightType.BFLOAT16,
            "return self.linear(x, torch._unwrap",
            "return self.linear(x * 1.001, torch._unwrap",
            "unembedding 320 -> 4096"),
        Arguments.of(
            "integers off by little",
            WeightType.INT8,
            "shifted, self.activation_minimum)",
            "shifted, self.activation_minimum) * 1.001",
            "(int8)"),
        Arguments.of(
            "a layer's output added to its input",
            WeightType.FLOAT32,
            "self.fused_linear(h, layer, 0, x)",
            "self.fused_linear(h, layer, 0, x * 1.001)",
            "linear 320 -> "),
        Arguments.of(
            "a layer and its activation",
            WeightType.FLOAT32,
            "self.fused_linear(x, layer, self.activation_number,",
            "self.fused_linear(x * 1.001, layer, self.activation_number,",
            "linear 320 -> "),
        Arguments.of(
            "the attention of a step",
            WeightType.FLOAT32,
            "plan.slot, self.scales[layer])",
            "plan.slot, self.scales[layer]) * 1.01",
            "attention"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongKernels")
  void wrongKernelsAreLeftForPlainOperators(
      String name,
      WeightType type,
      String right,
      String wrong,
      String operator,
      CapturedOutput output) {
    try (Gpt2Model model = load(type, programs(changed(Kernels.C, right, wrong)))) {
      assertThat(model.arithmetic().kernels()).isEqualTo(Kernels.LIBTORCH);
      assertThat(model.arithmetic().passed()).isTrue();
    }
    assertThat(output)
        .containsOnlyOnce(
            "The %s kernels compute wrong numbers on this machine: ".formatted(Kernels.C.label()))
        .contains(
            operator, " of its largest result", "libtorch's plain operators are used instead");
  }

  private static ProgramSource changed(Kernels kernels, String right, String wrong) {
    String text = ProgramSource.of(kernels).text();
    assertThat(text).contains(right);
    return new ProgramSource(text.replace(right, wrong));
  }

  /** A program with kernels in C, and libtorch's. */
  private static Map<Kernels, ProgramSource> programs(ProgramSource first) {
    Map<Kernels, ProgramSource> programs = new LinkedHashMap<>();
    programs.put(Kernels.C, first);
    programs.put(Kernels.LIBTORCH, ProgramSource.of(Kernels.LIBTORCH));
    return programs;
  }

  @Test
  void kernelsThatCannotLoadAreLeftForPlainOperators(CapturedOutput output) {
    String right = "ops.gpt2.pack(weight)";
    try (Gpt2Model model =
        load(
            WeightType.BFLOAT16,
            programs(changed(Kernels.C, right, "ops.gpt2.pack(weight.view([-1]))")))) {
      assertThat(model.arithmetic().kernels()).isEqualTo(Kernels.LIBTORCH);
    }
    assertThat(output)
        .containsOnlyOnce(
            "The %s kernels cannot compute bfloat16 on this machine; libtorch's"
                .formatted(Kernels.C.label()));
  }

  /** A change of libtorch's plain operators, and what the check says of it. */
  static Stream<Arguments> wrongOperators() {
    return Stream.of(
        Arguments.of("k.transpose(2, 3)) + mask", "k.transpose(2, 3)) * 1.01 + mask", "attention"),
        Arguments.of(
            "batch.position[:rows].unsqueeze(1),\n        self.minus_infinity)",
            "batch.position[:rows].unsqueeze(1),\n        0.)",
            "attention"),
        Arguments.of(
            "norm.weight, norm.bias, eps)", "norm.weight, norm.bias, eps + 0.01)", "layer norm"),
        Arguments.of(
            "logsumexp(self.tempered(logits, rows, temperatures), [1])",
            "logsumexp(self.tempered(logits, rows, temperatures) * 1.001, [1])",
            "log-sum-exp"),
        Arguments.of(
            "fill_(torch.logical_not(torch.isfinite(largest)), -1)",
            "fill_(largest < 0., 0)",
            "argmax"),
        Arguments.of("torch.sum(chosen >", "torch.sum(chosen >=", "rank"));
  }

  @ParameterizedTest(name = "{2}")
  @MethodSource("wrongOperators")
  void aModelIsNotServedWithWrongPlainOperators(String right, String wrong, String operator) {
    Map<Kernels, ProgramSource> changed =
        Map.of(Kernels.LIBTORCH, changed(Kernels.LIBTORCH, right, wrong));
    assertThatThrownBy(() -> load(WeightType.FLOAT32, changed))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageMatching(
            "this machine computes wrong numbers: %s is off by \\S+ of its largest result"
                    .formatted(operator)
                + " \\(at most 1e-04 is rounding\\); no model is served, since its answers would be"
                + " wrong");
  }

  /** A change of the text around the kernels in C after which one of several tries gives NaN. */
  static Stream<Arguments> kernelsWithoutNumbers() {
    return Stream.of(
        Arguments.of(WeightType.FLOAT32, LINEAR, nanIf("x.size(0) == 1"), "linear 320 -> "),
        Arguments.of(WeightType.FLOAT32, LINEAR, nanIf("x.size(0) == 3"), "unembedding 320 -> "),
        Arguments.of(
            WeightType.INT8,
            "shifted, self.activation_minimum)",
            nanIf("x.size(0) == 5"),
            "(int8)"),
        Arguments.of(
            WeightType.FLOAT32,
            "plan.slot, self.scales[layer])",
            nanIf("qkv.size(0) > 2"),
            "attention"));
  }

  private static String nanIf(String condition) {
    return " + torch.sqrt(torch.neg(torch.full([1], float(%s))))".formatted(condition);
  }

  @ParameterizedTest
  @MethodSource("kernelsWithoutNumbers")
  void kernelsWithoutNumbersAreLeftForPlainOperators(
      WeightType type, String right, String added, String operator, CapturedOutput output) {
    try (Gpt2Model model = load(type, programs(changed(Kernels.C, right, right + added)))) {
      assertThat(model.arithmetic().kernels()).isEqualTo(Kernels.LIBTORCH);
      assertThat(model.arithmetic().passed()).isTrue();
    }
    assertThat(output)
        .containsOnlyOnce(
            "The %s kernels compute wrong numbers on this machine: ".formatted(Kernels.C.label()))
        .contains(operator, " gives results that are not numbers");
  }

  @Test
  void resultsThatAreNotNumbersAreWrong() {
    Map<Kernels, ProgramSource> changed =
        Map.of(
            Kernels.LIBTORCH,
            changed(
                Kernels.LIBTORCH,
                "torch.exp(logprobs).mul_(",
                "torch.sqrt(torch.neg(torch.exp(logprobs)) - 1.).mul_("));
    assertThatThrownBy(() -> load(WeightType.INT8, changed))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("entropy gives results that are not numbers; no model is served")
        .hasMessageEndingWith("(try gpt2.dtype=float32)");
  }

  private static Gpt2Model load(WeightType type, Map<Kernels, ProgramSource> programs) {
    return Gpt2Model.load(
        CONFIG,
        Weights.open(EMBEDDED, CONFIG),
        TorchDevice.CPU,
        type,
        new CacheSize(2, 0, 64),
        IntStream.range(0, 64).map(i -> i * 64).toArray(),
        programs);
  }
}
