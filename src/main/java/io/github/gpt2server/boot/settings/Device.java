package io.github.gpt2server.boot.settings;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The device of the model, as {@code gpt2.device} names it.
 *
 * @param kind the sort of device
 * @param index which of several CUDA devices, from 0; 0 for the other kinds
 */
public record Device(Kind kind, int index) {
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /** The sorts of devices. */
  public enum Kind {
    /** CUDA if there is a device, else the CPU. */
    AUTO,
    /** The CPU. */
    CPU,
    /** A GPU of NVIDIA. */
    CUDA
  }

  /**
   * Reads {@code auto}, {@code cpu}, {@code cuda} (the first) or {@code cuda:N}.
   *
   * @throws InvalidSettingException for anything else
   */
  public static Device of(String text) {
    Matcher cuda = CUDA.matcher(text);
    if (cuda.matches()) {
      return new Device(Kind.CUDA, cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
    }
    return switch (text) {
      case "auto" -> new Device(Kind.AUTO, 0);
      case "cpu" -> new Device(Kind.CPU, 0);
      default ->
          throw new InvalidSettingException("gpt2.device", text, "auto, cpu, cuda or cuda:N");
    };
  }

  /** The form that the setting has: {@code auto}, {@code cpu} or {@code cuda:N}. */
  @Override
  public String toString() {
    return switch (kind) {
      case AUTO -> "auto";
      case CPU -> "cpu";
      case CUDA -> "cuda:" + index;
    };
  }
}
