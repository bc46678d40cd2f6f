package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CpuKernelsTest {
  private final KernelLibrary library = KernelLibrary.load().orElseThrow();

  @AfterEach
  void restore() {
    CpuKernels.use(KernelChoice.AUTO);
  }

  @Test
  void theBestVariantIsTaken() {
    CpuKernels.use(KernelChoice.AUTO);

    assertThat(CpuKernels.ready()).isTrue();
    List<String> variants = library.variants();
    assertThat(library.variant()).isEqualTo(variants.get(variants.size() - 1));
    assertThat(Kernels.of(TorchDevice.CPU)).containsExactly(Kernels.C, Kernels.LIBTORCH);
    assertThat(Kernels.of(new TorchDevice(0))).containsExactly(Kernels.LIBTORCH);
  }

  @Test
  void theVariantOfEveryProcessorCanBeChosen() {
    CpuKernels.use(KernelChoice.GENERIC);

    assertThat(Kernels.C.label()).isEqualTo(library.variants().get(0));
  }

  @Test
  void libtorchsOperatorsCanBeChosen() {
    CpuKernels.use(KernelChoice.LIBTORCH);

    assertThat(CpuKernels.ready()).isFalse();
    assertThat(Kernels.of(TorchDevice.CPU)).doesNotContain(Kernels.C);
  }

  @Test
  @EnabledOnOs(architectures = "amd64", value = OS.LINUX)
  void aVariantOfAnotherProcessorIsRefused() {
    assertThatThrownBy(() -> CpuKernels.use(KernelChoice.NEON))
        .isInstanceOf(ModelLoadException.class)
        .hasMessage(
            "gpt2.kernels is neon, but this processor runs the kernels %s alone: use gpt2.kernels=auto",
            String.join(", ", library.variants()));
  }
}
