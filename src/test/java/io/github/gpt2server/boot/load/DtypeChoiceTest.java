package io.github.gpt2server.boot.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.boot.settings.Dtype;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.platform.CpuFeatures;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DtypeChoiceTest {
  private static final long GPT2 = 124_439_808;

  @ParameterizedTest
  @CsvSource({
    "fpu avx2 avx512f avx512_bf16, BFLOAT16, this CPU computes in it (avx512_bf16)",
    "fpu avx512_bf16 amx_bf16, BFLOAT16, this CPU computes in it (amx_bf16)",
    "fp asimd bf16, BFLOAT16, this CPU computes in it (bf16)",
    "fpu avx2 avx512f, FLOAT32, this CPU does not compute in bfloat16"
  })
  void autoTakesWhatTheCpuComputesIn(String flags, WeightType type, String reason) {
    CpuFeatures features = new CpuFeatures(Set.of(flags.split(" ")));
    assertThat(DtypeChoice.of(Dtype.AUTO, TorchDevice.CPU, GPT2, features))
        .isEqualTo(new DtypeChoice(type, reason));
  }

  @Test
  void autoIsFloat32WhereNothingIsKnown() {
    assertThat(DtypeChoice.of(Dtype.AUTO, TorchDevice.CPU, GPT2, CpuFeatures.parse("")).type())
        .isEqualTo(WeightType.FLOAT32);
  }

  @Test
  void autoLeavesSmallModelsExact() {
    CpuFeatures features = new CpuFeatures(Set.of("avx512_bf16"));
    assertThat(DtypeChoice.of(Dtype.AUTO, TorchDevice.CPU, 49_999_999, features))
        .isEqualTo(new DtypeChoice(WeightType.FLOAT32, "the model is small"));
  }

  @Test
  void autoIsFloat16OnGpus() {
    assertThat(DtypeChoice.of(Dtype.AUTO, new TorchDevice(0), 1, new CpuFeatures(Set.of())).type())
        .isEqualTo(WeightType.FLOAT16);
  }

  @Test
  void whatIsSetIsTaken() {
    CpuFeatures none = new CpuFeatures(Set.of());
    assertThat(DtypeChoice.of(Dtype.BFLOAT16, TorchDevice.CPU, 1, none))
        .isEqualTo(new DtypeChoice(WeightType.BFLOAT16, ""));
    assertThatThrownBy(() -> DtypeChoice.of(Dtype.FLOAT16, TorchDevice.CPU, 1, none))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("needs a GPU");
    assertThatThrownBy(() -> DtypeChoice.of(Dtype.INT8, new TorchDevice(1), 1, none))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("the model runs on cuda:1");
  }

  @Test
  void readsTheKernelsListsOfX86AndArm() {
    assertThat(
            CpuFeatures.parse("processor\t: 0\nflags\t\t: fpu  vme sse\n\nflags\t: no\n").names())
        .containsExactlyInAnyOrder("fpu", "vme", "sse");
    assertThat(CpuFeatures.parse("processor\t: 0\nFeatures\t: fp asimd bf16\n").bfloat16())
        .contains("bf16");
  }
}
