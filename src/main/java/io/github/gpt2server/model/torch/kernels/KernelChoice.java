package io.github.gpt2server.model.torch.kernels;

import java.util.Locale;

/** The kernels that compute on a CPU, as {@code gpt2.kernels} says it. */
public enum KernelChoice {
  /** The best variant in C that the processor can run. */
  AUTO,
  /** The variants for AVX-512, with and without its products of bytes (VNNI). */
  AVX512,
  /** The variants for AVX2 and FMA, with and without products of bytes (AVX-VNNI). */
  AVX2,
  /** The variants for ARM's NEON, with and without dot products. */
  NEON,
  /** The variant that every processor of a platform can run. */
  GENERIC,
  /** No kernels in C but libtorch's operators. */
  LIBTORCH;

  /** The allowed values, for messages. */
  public static final String ALLOWED = "auto, avx512, avx2, neon, generic or libtorch";

  /** Returns whether a variant of {@link KernelLibrary#variants} is among those chosen. */
  public boolean includes(String variant) {
    return switch (this) {
      case AUTO -> true;
      case AVX512 -> variant.startsWith("avx512");
      case AVX2 -> variant.equals("avx2") || variant.equals("avxvnni");
      case NEON -> variant.startsWith("neon");
      case GENERIC -> variant.equals("generic") || variant.equals("neon");
      case LIBTORCH -> false;
    };
  }

  /** The form that the setting has, in small letters. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
