package io.github.gpt2server.boot.libraries;

import ai.djl.util.Platform;
import io.github.gpt2server.boot.settings.InvalidSettingException;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jline.nativ.OSInfo;
import org.springframework.util.FileSystemUtils;

/**
 * Unpacks the native libraries of the jar, libtorch, its Java glue, the kernels, the tokenizer,
 * JNA's and JLine's, into a {@link PrivateFolder} and has each loaded from there. Left to
 * themselves, DJL takes what lies under a known name in a folder that it does not look at, and that
 * is {@code /tmp} for users without a home; JNA and JLine unpack into {@code /tmp} at each start.
 * Libraries for which whoever started the process has named a place, as an image does, are {@link
 * NamedLibraries}.
 */
public final class NativeLibraries {
  private static final String FOLDER = "DJL_CACHE_DIR";
  private static final String LIBTORCH = "PYTORCH_LIBRARY_PATH";
  private static final String TOKENIZERS = "RUST_LIBRARY_PATH";
  private static final String JNA = "jna.boot.library.path";
  private static final String JLINE = "library.jline.path";

  private static boolean prepared;

  private NativeLibraries() {}

  /**
   * Unpacks what is not there yet and tells those who load it where it is. Before any of it is
   * loaded; a second call does nothing.
   *
   * @throws InvalidSettingException if the folder, or one that is named, is not one to load code
   *     from
   */
  public static synchronized void prepare() {
    if (prepared) {
      return;
    }
    NamedLibraries.check(NativeLibraries::setting);
    if (!allNamed()) {
      Path folder = folder();
      NativeLibraryCache.removeAbandoned(folder, Instant.now());
      // What DJL still unpacks itself: its glue for a libtorch that someone has named.
      System.setProperty("ENGINE_CACHE_DIR", folder.resolve("djl").toString());
      System.setProperty("jna.nounpack", "true");
      // JNA first: DJL asks it for GPUs to find out which libraries it is about.
      for (Supplier<Optional<UnpackedLibraries>> kind :
          List.<Supplier<Optional<UnpackedLibraries>>>of(
              NativeLibraries::jna,
              NativeLibraries::jline,
              NativeLibraries::libtorch,
              NativeLibraries::tokenizers,
              NativeLibraries::kernels)) {
        kind.get()
            .ifPresent(
                libraries ->
                    System.setProperty(libraries.property(), libraries.in(folder).toString()));
      }
    }
    prepared = true;
  }

  /** Returns whether nothing is to be unpacked, by this class or by DJL. */
  private static boolean allNamed() {
    return setting(TOKENIZERS).isPresent()
        && (setting(KernelLibrary.PATH).isPresent() || KernelLibrary.packaged().isEmpty())
        && setting(JNA).isPresent()
        && setting(JLINE).isPresent()
        && hasGlue();
  }

  /** The folder of this program's libraries. */
  private static Path folder() {
    Optional<Path> named = setting(FOLDER).map(Path::of).or(NativeLibraries::inHome);
    if (named.isEmpty()) {
      return temporary();
    }
    try {
      Path folder = PrivateFolder.create(named.get().resolve("gpt2-server"));
      String objection = PrivateFolder.objection(folder);
      if (objection != null) {
        throw new InvalidSettingException(
            FOLDER,
            named.get().toString(),
            "a folder that only the user of this process can write to, because code is loaded from it ("
                + objection
                + ")");
      }
      return folder;
    } catch (IOException e) {
      throw new InvalidSettingException(
          FOLDER,
          named.get().toString(),
          "a folder for the native libraries that is there or can be made, with 500 MB of room");
    }
  }

  /**
   * DJL's folder in the user's home; empty if there is no home, as for {@code nobody}, where Java
   * says {@code ?}.
   */
  private static Optional<Path> inHome() {
    return Optional.ofNullable(System.getProperty("user.home"))
        .filter(home -> !home.isBlank() && !home.equals("?"))
        .map(Path::of)
        .filter(home -> Files.isDirectory(home) && Files.isWritable(home))
        .map(home -> home.resolve(".djl.ai"));
  }

  /** A new folder each time: nothing that lies under a name that others can know is trusted. */
  private static Path temporary() {
    try {
      Path folder =
          PrivateFolder.createNew(
              Path.of(System.getProperty("java.io.tmpdir")), "gpt2-server-native-");
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> FileSystemUtils.deleteRecursively(folder.toFile()), "native-libraries"));
      return folder.toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<UnpackedLibraries> libtorch() {
    if (setting(LIBTORCH).isPresent()) {
      return Optional.empty();
    }
    Properties packaged = packagedLibtorch();
    String classifier = Platform.fromSystem("pytorch").getClassifier();
    if (!classifier.equals(packaged.get("classifier"))) {
      return Optional.empty();
    }
    String flavor = packaged.getProperty("flavor");
    List<String> resources = new ArrayList<>();
    for (String library : packaged.getProperty("libraries", "").split(",", -1)) {
      resources.add("pytorch/" + flavor + "/" + classifier + "/" + library);
    }
    resources.add("jnilib/" + classifier + "/" + flavor + "/" + System.mapLibraryName("djl_torch"));
    return UnpackedLibraries.of("libtorch", LIBTORCH, "", resources);
  }

  private static Properties packagedLibtorch() {
    Properties properties = new Properties();
    try (InputStream in =
        NativeLibraries.class.getResourceAsStream("/native/lib/pytorch.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }

  private static Optional<UnpackedLibraries> tokenizers() {
    if (setting(TOKENIZERS).isPresent()) {
      return Optional.empty();
    }
    String library = System.mapLibraryName("tokenizers");
    String folder = "native/lib/" + Platform.fromSystem("tokenizers").getClassifier() + "/cpu/";
    // Windows has three more, which this one needs.
    List<String> resources =
        (library.endsWith(".dll")
                ? Stream.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll", library)
                : Stream.of(library))
            .map(folder::concat)
            .toList();
    return UnpackedLibraries.of("tokenizers", TOKENIZERS, library, resources);
  }

  /** This program's own. */
  private static Optional<UnpackedLibraries> kernels() {
    return setting(KernelLibrary.PATH).isPresent()
        ? Optional.empty()
        : KernelLibrary.packaged()
            .flatMap(
                name ->
                    UnpackedLibraries.of(
                        "kernels", KernelLibrary.PATH, name, List.of("kernels/" + name)));
  }

  private static Optional<UnpackedLibraries> jna() {
    String library = System.mapLibraryName("jnidispatch").replace(".dylib", ".jnilib");
    String resource = "com/sun/jna/" + com.sun.jna.Platform.RESOURCE_PREFIX + "/" + library;
    return System.getProperty(JNA) == null
        ? UnpackedLibraries.of("jna", JNA, "", List.of(resource))
        : Optional.empty();
  }

  private static Optional<UnpackedLibraries> jline() {
    String library = System.mapLibraryName("jlinenative").replace(".dylib", ".jnilib");
    String resource =
        "org/jline/nativ/" + OSInfo.getNativeLibFolderPathForCurrentOS() + "/" + library;
    return System.getProperty(JLINE) == null
        ? UnpackedLibraries.of("jline", JLINE, "", List.of(resource))
        : Optional.empty();
  }

  /** Returns whether DJL finds its glue beside a libtorch that a setting names. */
  private static boolean hasGlue() {
    return setting(LIBTORCH)
        .map(Path::of)
        .filter(path -> Files.exists(path.resolve(System.mapLibraryName("djl_torch"))))
        .isPresent();
  }

  /** A setting as DJL looks it up: variables of the environment go first. */
  private static Optional<String> setting(String name) {
    return Optional.ofNullable(System.getenv(name))
        .or(() -> Optional.ofNullable(System.getProperty(name)))
        .filter(value -> !value.isBlank());
  }
}
