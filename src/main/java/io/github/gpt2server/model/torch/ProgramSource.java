package io.github.gpt2server.model.torch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a TorchScript program, from files on the class path that each parse as Python. A file
 * has its tuples and functions first and then its methods under a line {@code class Gpt2(Module):};
 * packed, the methods of all files are those of one class.
 *
 * @param text what libtorch compiles
 */
record ProgramSource(String text) {
  /** Asks libtorch for its GPUs. */
  static final ProgramSource GPU_COUNT = ofFiles(List.of("gpu_count.py"));

  private static final String CLASS = "\nclass Gpt2(Module):\n";

  /** An attribute that the program fills: a list, or a value that may be absent. */
  private static final Pattern FILLED =
      Pattern.compile("^  (\\w+) : (Optional|List)\\[(.*)](?: +#.*)?$", Pattern.MULTILINE);

  /** The files of GPT-2's program, in the order in which they are packed. */
  static List<String> files(Kernels kernels) {
    String which = kernels == Kernels.C ? "kernels" : "torch";
    return List.of(
        "model.py",
        "operators_" + which + ".py",
        "attention_" + which + ".py",
        "logits_" + which + ".py",
        "quantization.py",
        "inspection.py",
        "self_check.py");
  }

  /** GPT-2's program with these kernels. */
  static ProgramSource of(Kernels kernels) {
    return ofFiles(files(kernels));
  }

  /** The program of these files. */
  static ProgramSource ofFiles(List<String> files) {
    StringBuilder functions = new StringBuilder();
    StringBuilder methods = new StringBuilder();
    for (String file : files) {
      String text = read(file);
      int methodsFrom = text.indexOf(CLASS);
      if (methodsFrom < 0) {
        functions.append(text).append('\n');
      } else {
        functions.append(text, 0, methodsFrom).append('\n');
        methods.append(text, methodsFrom + CLASS.length(), text.length()).append('\n');
      }
    }
    return new ProgramSource(functions + CLASS + methods);
  }

  /**
   * The module's attributes: those given, and those that the program itself fills, in their state
   * before that.
   *
   * @param settings see {@link TorchScriptArchive#pack}
   */
  Map<String, Object> attributes(Map<String, Object> settings) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("training", false);
    Matcher filled = FILLED.matcher(text.substring(text.indexOf(CLASS)));
    while (filled.find()) {
      attributes.put(filled.group(1), empty(filled.group(2), filled.group(3)));
    }
    attributes.putAll(settings);
    return attributes;
  }

  private static Object empty(String type, String of) {
    if (type.equals("Optional")) {
      return null;
    }
    return of.equals("Tensor") ? TorchScriptArchive.NO_TENSORS : TorchScriptArchive.NO_TUPLES;
  }

  private static String read(String file) {
    try (InputStream in = ProgramSource.class.getResourceAsStream("/gpt2/" + file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
