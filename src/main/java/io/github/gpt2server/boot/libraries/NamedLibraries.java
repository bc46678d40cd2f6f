package io.github.gpt2server.boot.libraries;

import io.github.gpt2server.boot.settings.InvalidSettingException;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Native libraries in places that environment variables or system properties name. Their content is
 * not checked, but each place must be one that only the user of this process, and root, can write
 * to, and so must be the files in it, wherever links lead: see {@link PrivateFolder}.
 */
final class NamedLibraries {
  /** DJL's folder of what it unpacks itself; its libraries lie some folders further down. */
  private static final String ENGINE_CACHE = "ENGINE_CACHE_DIR";

  private static final int ENGINE_CACHE_DEPTH = 4;

  /** The variables and properties that name a file or folders, and how deep libraries lie there. */
  private static final Map<String, Integer> DEPTHS = new LinkedHashMap<>();

  static {
    List.of(
            "PYTORCH_LIBRARY_PATH",
            "RUST_LIBRARY_PATH",
            "LIBSTDCXX_LIBRARY_PATH",
            KernelLibrary.PATH,
            "jna.boot.library.path",
            "jna.library.path",
            "library.jline.path")
        .forEach(name -> DEPTHS.put(name, 1));
    DEPTHS.put(ENGINE_CACHE, ENGINE_CACHE_DEPTH);
  }

  private NamedLibraries() {}

  /**
   * Checks the places that are named. What is not there is left to those who look for it.
   *
   * @param settings gives the value of a variable or property
   * @throws InvalidSettingException if others can write to one
   */
  static void check(Function<String, Optional<String>> settings) {
    DEPTHS.forEach(
        (name, depth) ->
            settings
                .apply(name)
                .ifPresent(
                    value -> {
                      for (String place : value.split(File.pathSeparator, -1)) {
                        check(name, value, place, depth);
                      }
                    }));
  }

  private static void check(String name, String value, String place, int depth) {
    try {
      Path path = existing(name, Path.of(place).toAbsolutePath());
      if (place.isBlank() || !Files.exists(path)) {
        return;
      }
      try (Stream<Path> paths = Files.walk(path.toRealPath(), depth)) {
        for (Path each : (Iterable<Path>) paths::iterator) {
          String objection = Files.exists(each) ? PrivateFolder.objection(each.toRealPath()) : null;
          if (objection != null) {
            throw new InvalidSettingException(
                name,
                value,
                "a place that only the user of this process, or root, can write to, because code is loaded from it ("
                    + objection
                    + ")");
          }
        }
      }
    } catch (InvalidPathException e) {
      throw new InvalidSettingException(name, value, "a path (" + e.getReason() + ")");
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidSettingException(
          name, value, "a place that this process may read (" + e.getMessage() + ")");
    }
  }

  /** DJL makes its folder; what it makes is as safe as what it makes it in. */
  private static Path existing(String name, Path path) {
    Path existing = path;
    while (name.equals(ENGINE_CACHE) && !Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    return existing;
  }
}
