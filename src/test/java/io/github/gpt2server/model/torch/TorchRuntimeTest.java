package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.platform.CpuFeatures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchRuntimeTest {
  /** DJL's library for ARM executes them: the process would end by SIGILL. */
  @Test
  void anArmProcessorWithoutAtomicInstructionsIsRefused() {
    CpuFeatures cortexA72 = CpuFeatures.parse("Features\t: fp asimd evtstrm crc32 cpuid\n");

    assertThatThrownBy(() -> TorchRuntime.requireAtomics(cortexA72))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("ARMv8.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Features\t: fp asimd evtstrm crc32 atomics fphp asimdhp cpuid asimdrdm\n",
        "flags\t\t: fpu vme sse4_2 avx2\n",
        ""
      })
  void othersAreNot(String cpuinfo) {
    assertThatCode(() -> TorchRuntime.requireAtomics(CpuFeatures.parse(cpuinfo)))
        .doesNotThrowAnyException();
  }
}
