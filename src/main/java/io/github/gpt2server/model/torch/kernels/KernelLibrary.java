package io.github.gpt2server.model.torch.kernels;

import ai.djl.util.Platform;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The kernels in C, {@code src/main/c}, as a loaded library. It is loaded once in a process, for
 * libtorch takes an operator's name once; the variant in use and the threads are those of the
 * process, too.
 */
public final class KernelLibrary {
  /** The environment variable or system property that names the unpacked library. */
  public static final String PATH = "KERNELS_LIBRARY_PATH";

  /** The functions of libtorch that the operators call, in the order in which they expect them. */
  private static final List<String> FUNCTIONS =
      List.of(
          "aoti_torch_library_init_def",
          "aoti_torch_library_init_impl",
          "aoti_torch_library_def",
          "aoti_torch_library_impl",
          "aoti_torch_get_data_ptr",
          "aoti_torch_get_dim",
          "aoti_torch_get_dtype",
          "aoti_torch_get_device_type",
          "aoti_torch_get_sizes",
          "aoti_torch_get_strides",
          "aoti_torch_empty_strided",
          "aoti_torch_delete_tensor_object",
          "aoti_torch_check");

  /** Functions of macOS, which has no system call to sleep until a number changes. */
  private static final List<String> SLEEPING = List.of("__ulock_wait", "__ulock_wake");

  private static final String PLATFORM = Platform.fromSystem("pytorch").getClassifier();

  /** Held for good: JNA unloads a library that nothing refers to, and libtorch calls this one. */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  private static Optional<KernelLibrary> loaded;

  private final NativeLibrary library;
  private boolean registered;
  private int variant;
  private KernelThreads threads;

  private KernelLibrary(NativeLibrary library) {
    this.library = library;
  }

  /** The library for this platform, loaded; empty where there is none. */
  public static synchronized Optional<KernelLibrary> load() {
    if (loaded == null) {
      loaded = path().map(path -> new KernelLibrary(NativeLibrary.getInstance(path.toString())));
    }
    return loaded;
  }

  /** The unpacked library, or the one among classes that are in no jar. */
  private static Optional<Path> path() {
    return Optional.ofNullable(System.getenv(PATH))
        .or(() -> Optional.ofNullable(System.getProperty(PATH)))
        .filter(named -> !named.isBlank())
        .map(Path::of)
        .or(KernelLibrary::unpacked)
        .filter(Files::exists);
  }

  private static Optional<Path> unpacked() {
    return resource()
        .map(KernelLibrary.class::getResource)
        .filter(url -> url.getProtocol().equals("file"))
        .map(KernelLibrary::file);
  }

  private static Path file(URL url) {
    return Path.of(java.net.URI.create(url.toString()));
  }

  private static Optional<String> resource() {
    return packaged().map("/kernels/"::concat);
  }

  /** The file name of this platform's library among the resources; it says platform and content. */
  public static Optional<String> packaged() {
    Properties names = new Properties();
    try (InputStream in = KernelLibrary.class.getResourceAsStream("/kernels/kernels.properties")) {
      if (in != null) {
        names.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.ofNullable(names.getProperty(PLATFORM));
  }

  /**
   * Makes the operators known to libtorch, as {@code ops.gpt2}; before a program that uses them.
   *
   * @param libtorchPath the folders of the libtorch that is loaded
   */
  public synchronized void register(String libtorchPath) {
    if (registered) {
      return;
    }
    NativeLibrary torch = NativeLibrary.getInstance(libtorch(libtorchPath).toString());
    int count = FUNCTIONS.size() + SLEEPING.size();
    try (Memory table = new Memory((long) count * Native.POINTER_SIZE)) {
      table.clear();
      for (int i = 0; i < FUNCTIONS.size(); i++) {
        table.setPointer((long) i * Native.POINTER_SIZE, torch.getFunction(FUNCTIONS.get(i)));
      }
      if (com.sun.jna.Platform.isMac()) {
        for (int i = 0; i < SLEEPING.size(); i++) {
          table.setPointer(
              (long) (FUNCTIONS.size() + i) * Native.POINTER_SIZE,
              NativeLibrary.getProcess().getFunction(SLEEPING.get(i)));
        }
      }
      int failed = function("gpt2_register").invokeInt(new Object[] {table, table.size()});
      if (failed != 0) {
        throw new UnsatisfiedLinkError("libtorch refuses the kernels at step " + failed);
      }
    }
    registered = true;
  }

  /** The file of libtorch with the functions that the operators call. */
  private static Path libtorch(String libtorchPath) {
    String name = System.mapLibraryName("torch_cpu");
    return Stream.of(libtorchPath.split(java.io.File.pathSeparator, -1))
        .map(folder -> Path.of(folder, name))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(() -> new UnsatisfiedLinkError("there is no " + name));
  }

  /** The variants that this processor can run, worst first. */
  public synchronized List<String> variants() {
    List<String> names = new ArrayList<>();
    for (int i = 0; name(i) != null; i++) {
      if (function("gpt2_variant_runs").invokeInt(new Object[] {i}) != 0) {
        names.add(name(i));
      }
    }
    return List.copyOf(names);
  }

  /** Chooses a variant, one of {@link #variants}. */
  public synchronized void use(String name) {
    if (!variants().contains(name)) {
      throw new IllegalArgumentException("this processor cannot run " + name);
    }
    variant = 0;
    while (!name.equals(name(variant))) {
      variant++;
    }
    function("gpt2_use").invokeVoid(new Object[] {variant});
  }

  /** The variant in use. */
  public synchronized String variant() {
    return name(variant);
  }

  /** Shares the kernels' work among a number of threads, the calling one included. */
  public synchronized void setThreads(int count) {
    if (threads != null && threads.count() == count) {
      return;
    }
    if (threads != null) {
      threads.close();
      threads = null;
    }
    threads = new KernelThreads(this, count);
  }

  /**
   * Returns whether no number is infinite or none, by all threads.
   *
   * @param numbers a direct buffer
   * @param exponents the bits of the exponents of the numbers in eight bytes
   */
  public boolean allFinite(ByteBuffer numbers, long exponents) {
    Pointer data = Native.getDirectBufferPointer(numbers);
    return function("gpt2_finite")
            .invokeInt(new Object[] {data, (long) numbers.capacity(), exponents})
        != 0;
  }

  private String name(int index) {
    Pointer name = function("gpt2_variant").invokePointer(new Object[] {index});
    return name == null ? null : name.getString(0);
  }

  /** A function of the library. */
  Function function(String name) {
    return library.getFunction(name);
  }
}
