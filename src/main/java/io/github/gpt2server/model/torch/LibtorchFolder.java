package io.github.gpt2server.model.torch;

import ai.djl.util.Platform;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The folder with a libtorch that {@code PYTORCH_LIBRARY_PATH} names in place of the packaged one.
 * DJL connects to it through a small library of its own, which it packages in a CPU and a CUDA
 * flavor; left alone it looks for a third that it no longer has, and the start fails.
 */
final class LibtorchFolder {
  private static final String FLAVOR = "PYTORCH_FLAVOR";

  /** The CUDA flavor that DJL 0.36 has. It names CUDA 12.8, but calls no CUDA library itself. */
  private static final String CUDA = "cu128";

  private LibtorchFolder() {}

  /** Sets the flavor for DJL, unless it is set already; before libtorch loads. */
  static void nameFlavor() {
    if (setting(FLAVOR).isEmpty()) {
      setting("PYTORCH_LIBRARY_PATH").ifPresent(path -> System.setProperty(FLAVOR, flavor(path)));
    }
  }

  /** The flavor of DJL that fits the libraries in the folders of a search path. */
  static String flavor(String path) {
    boolean cuda =
        Arrays.stream(path.split(File.pathSeparator, -1))
            .anyMatch(folder -> Files.exists(Path.of(folder, System.mapLibraryName("torch_cuda"))));
    return cuda && packaged(CUDA) ? CUDA : "cpu";
  }

  private static boolean packaged(String flavor) {
    String platform = Platform.detectPlatform("pytorch").getClassifier();
    String library = System.mapLibraryName("djl_torch");
    return LibtorchFolder.class.getResource("/jnilib/" + platform + "/" + flavor + "/" + library)
        != null;
  }

  private static Optional<String> setting(String name) {
    return Optional.ofNullable(System.getenv(name))
        .or(() -> Optional.ofNullable(System.getProperty(name)))
        .filter(value -> !value.isBlank());
  }
}
