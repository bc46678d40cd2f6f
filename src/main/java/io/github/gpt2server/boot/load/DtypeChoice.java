package io.github.gpt2server.boot.load;

import io.github.gpt2server.boot.settings.Dtype;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.platform.CpuFeatures;

/**
 * The type of the weights in memory that {@code gpt2.dtype} comes to.
 *
 * @param type the type
 * @param reason why, in words that follow "because"; empty if it was set
 */
record DtypeChoice(WeightType type, String reason) {
  /** The number of parameters up to which float32 is fast anywhere, and auto takes no other. */
  private static final long SMALL = 50_000_000;

  /**
   * Chooses the type in which the weights are held and computed.
   *
   * @param dtype the setting
   * @param device a libtorch device, {@code cpu} or {@code cuda:N}
   * @param parameters the number of weights
   * @throws ModelLoadException if the device cannot compute in what was set
   */
  static DtypeChoice of(Dtype dtype, TorchDevice device, long parameters, CpuFeatures features) {
    boolean cpu = device.isCpu();
    return switch (dtype) {
      case AUTO ->
          cpu
              ? onCpu(parameters, features)
              : new DtypeChoice(WeightType.FLOAT16, "the model runs on a GPU");
      case FLOAT32 -> asSet(WeightType.FLOAT32);
      case BFLOAT16 -> asSet(WeightType.BFLOAT16);
      case FLOAT16 -> {
        if (cpu) {
          throw new ModelLoadException(
              "gpt2.dtype is float16, which needs a GPU, but the model runs on cpu: use float32 or"
                  + " bfloat16");
        }
        yield asSet(WeightType.FLOAT16);
      }
      case INT8 -> {
        if (!cpu) {
          throw new ModelLoadException(
              "gpt2.dtype is int8, which is for a CPU, but the model runs on %s: use float16 or"
                      .formatted(device)
                  + " float32");
        }
        yield asSet(WeightType.INT8);
      }
    };
  }

  private static DtypeChoice asSet(WeightType type) {
    return new DtypeChoice(type, "");
  }

  private static DtypeChoice onCpu(long parameters, CpuFeatures features) {
    if (parameters < SMALL) {
      return new DtypeChoice(WeightType.FLOAT32, "the model is small");
    }
    return features
        .bfloat16()
        .map(
            name ->
                new DtypeChoice(
                    WeightType.BFLOAT16, "this CPU computes in it (%s)".formatted(name)))
        .orElseGet(
            () ->
                new DtypeChoice(
                    WeightType.FLOAT32,
                    features.names().isEmpty()
                        ? "this system does not report what its CPU can do"
                        : "this CPU does not compute in bfloat16"));
  }
}
