package io.github.gpt2server.model.torch;

import ai.djl.pytorch.jni.LibUtils;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.Activation;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernels in C that this process computes with on a CPU, if any. */
final class CpuKernels {
  private static final Logger log = LoggerFactory.getLogger(CpuKernels.class);

  private static KernelChoice choice = KernelChoice.AUTO;
  private static boolean chosen;
  private static boolean ready;

  private CpuKernels() {}

  /**
   * Chooses kernels, for the models that are loaded from now on.
   *
   * @throws ModelLoadException if this machine cannot run those that are asked for by name
   */
  static synchronized void use(KernelChoice wanted) {
    choice = wanted;
    chosen = false;
    ready();
  }

  /** Returns whether kernels in C are chosen and there; then libtorch knows their operators. */
  static synchronized boolean ready() {
    if (!chosen) {
      ready = choice != KernelChoice.LIBTORCH && choose();
      chosen = true;
    }
    return ready;
  }

  private static boolean choose() {
    Optional<KernelLibrary> library = KernelLibrary.load();
    if (library.isEmpty()) {
      if (choice != KernelChoice.AUTO) {
        throw new ModelLoadException(
            "gpt2.kernels is %s, but this build has no kernels for this platform: use gpt2.kernels=auto"
                .formatted(choice));
      }
      log.warn(
          "This build has no kernels for this platform; libtorch's operators are used instead, which"
              + " are slower");
      return false;
    }
    List<String> variants = library.get().variants();
    List<String> fitting = variants.stream().filter(choice::includes).toList();
    if (fitting.isEmpty()) {
      throw new ModelLoadException(
          "gpt2.kernels is %s, but this processor runs the kernels %s alone: use gpt2.kernels=auto"
              .formatted(choice, String.join(", ", variants)));
    }
    TorchRuntime.load();
    library.get().register(LibUtils.getLibtorchPath());
    library.get().use(fitting.get(fitting.size() - 1));
    return true;
  }

  /** Gives the kernels a number of threads, the calling one included. */
  static synchronized void setThreads(int count) {
    if (ready()) {
      KernelLibrary.load().orElseThrow().setThreads(count);
    }
  }

  /** {@link KernelLibrary#allFinite}; false where there are no kernels in C. */
  static synchronized boolean allFinite(ByteBuffer numbers, long exponents) {
    return ready() && KernelLibrary.load().orElseThrow().allFinite(numbers, exponents);
  }

  /** The number of an activation in {@code kernels.h}. */
  static int number(Activation activation) {
    return switch (activation) {
      case GELU_TANH -> 1;
      case GELU -> 2;
      case QUICK_GELU -> 3;
      case SILU -> 4;
      case RELU -> 5;
      case TANH -> 6;
    };
  }
}
