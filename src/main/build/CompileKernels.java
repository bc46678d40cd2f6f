import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * Compiles the kernels of {@code src/main/c} for every platform, on any of them, with the clang that
 * Maven Central has. Maven runs this file; nothing has to be installed.
 *
 * <p>Arguments: the jar with clang, a folder for work, a folder for the results, and a folder with
 * the sources of a program to test kernels with, or none. Without it the results are libraries,
 * whose names say platform and content, and {@code kernels.properties}, which says which is whose;
 * with it, one program for each Linux, and one for x86-64 that ends at undefined behaviour. Nothing
 * is done where the results are there and the sources are as they were.
 */
public final class CompileKernels {
  private static final List<String> FLAGS =
      List.of(
          "-std=c11",
          "-ffreestanding",
          "-fPIC",
          "-fvisibility=hidden",
          // Each operation is rounded as it is written.
          "-ffp-contract=off",
          "-fno-math-errno",
          "-fno-stack-protector",
          // Exceptions of libtorch's pass through.
          "-funwind-tables",
          "-Wall",
          "-Wextra",
          "-Werror",
          // Vectors are passed to inlined functions alone, for which there is no calling convention.
          "-Wno-psabi");

  /** The wanted files of the compiler's jar: the programs, their libraries and clang's own headers. */
  private static final String WANTED =
      "clang|lld|lib(LLVM|clang-cpp)[^/]*\\.(so|dylib)[.0-9]*|lib/clang/.*";

  private static final List<String> AVX2 = List.of("-mavx2", "-mfma", "-mf16c");
  private static final List<String> AVX512 =
      List.of(
          "-mavx512f",
          "-mavx512bw",
          "-mavx512dq",
          "-mavx512vl",
          "-mfma",
          "-mf16c",
          "-mprefer-vector-width=512");

  private static final Map<String, List<String>> X86_VARIANTS = new LinkedHashMap<>();
  private static final Map<String, List<String>> ARM_VARIANTS = new LinkedHashMap<>();

  static {
    X86_VARIANTS.put("generic", List.of());
    X86_VARIANTS.put("avx2", AVX2);
    X86_VARIANTS.put("avxvnni", with(AVX2, "-mavxvnni"));
    X86_VARIANTS.put("avx512", AVX512);
    X86_VARIANTS.put("avx512vnni", with(AVX512, "-mavx512vnni"));
    ARM_VARIANTS.put("neon", List.of());
    ARM_VARIANTS.put("neondot", List.of("-march=armv8.2-a+dotprod"));
  }

  /** A purpose of the code. */
  private enum Purpose {
    SERVE("", "-O3"),
    /**
     * Ends the program at undefined behaviour. Clang's package lacks the library that the address
     * sanitizer needs; tests put guard pages around memory instead.
     */
    CHECK(
        "-checked",
        // Vectors of 16 numbers take the optimizer ten times as long with the checks.
        "-O0",
        "-fsanitize=undefined,float-cast-overflow,local-bounds",
        "-fsanitize-trap=all");

    private final String suffix;
    private final List<String> flags;

    Purpose(String suffix, String... flags) {
      this.suffix = suffix;
      this.flags = List.of(flags);
    }
  }

  /** A platform to compile for, named as libtorch's packages name it. */
  private enum Platform {
    LINUX_X86_64("linux-x86_64", "x86_64-unknown-linux-gnu", ".so", X86_VARIANTS, List.of()),
    LINUX_AARCH64(
        "linux-aarch64",
        "aarch64-unknown-linux-gnu",
        ".so",
        ARM_VARIANTS,
        // Atomic operations without calls of a library.
        List.of("-mno-outline-atomics")),
    OSX_AARCH64("osx-aarch64", "arm64-apple-macos11", ".dylib", ARM_VARIANTS, List.of());

    private final String label;
    private final String suffix;
    private final Map<String, List<String>> variants;
    private final List<String> flags;

    Platform(
        String label,
        String target,
        String suffix,
        Map<String, List<String>> variants,
        List<String> flags) {
      this.label = label;
      this.suffix = suffix;
      this.variants = variants;
      this.flags = with(flags, "--target=" + target);
    }

    /** The linker and its options. */
    List<String> linkCommand(Path llvm, boolean program) {
      if (this == OSX_AARCH64) {
        // Nothing of where and when it was built.
        String all =
            "-arch arm64 -platform_version macos 11.0 11.0 -dylib -dead_strip -S -x"
                + " -install_name @rpath/libgpt2kernels.dylib";
        return with(List.of(llvm.resolve("ld64.lld").toString()), all.split(" "));
      }
      String all =
          program
              ? "-static --gc-sections"
              : "-shared -z defs --gc-sections --eh-frame-hdr --build-id=none -s";
      return with(List.of(llvm.resolve("ld.lld").toString()), all.split(" "));
    }
  }

  private final Path llvm;
  private final Path sources;
  private final Path work;
  private final Path testSources;

  private CompileKernels(Path llvm, Path sources, Path work, Path testSources) {
    this.llvm = llvm;
    this.sources = sources;
    this.work = work;
    this.testSources = testSources;
  }

  public static void main(String[] arguments) throws Exception {
    Path jar = Path.of(arguments[0]);
    Path work = Path.of(arguments[1]);
    Path results = Path.of(arguments[2]);
    Path testSources = arguments.length > 3 ? Path.of(arguments[3]) : null;
    Path sources = Path.of("src/main/c");
    Path made = work.resolve(testSources == null ? "libraries.key" : "programs.key");
    String key = key(jar, sources, testSources);
    if (Files.exists(made) && Files.readString(made).equals(key) && Files.isDirectory(results)) {
      return;
    }
    Path llvm = work.resolve("llvm");
    if (!Files.exists(llvm.resolve("complete"))) {
      unpack(jar, llvm);
    }
    CompileKernels compiler = new CompileKernels(llvm, sources, work, testSources);
    clear(results);
    if (testSources == null) {
      compiler.libraries(results);
    } else {
      compiler.programs(results);
    }
    Files.writeString(made, key);
  }

  private static List<String> with(List<String> some, String... more) {
    return Stream.concat(some.stream(), Arrays.stream(more)).toList();
  }

  private void libraries(Path results) throws Exception {
    StringBuilder index = new StringBuilder();
    for (Platform platform : Platform.values()) {
      List<Path> objects = new ArrayList<>(common(platform, Purpose.SERVE));
      List<Path> operators = List.of(sources.resolve("operators.c"));
      objects.addAll(compile(platform, Purpose.SERVE, operators, List.of()));
      Path library = work.resolve(platform.label + platform.suffix);
      link(platform, objects, library, false);
      String name =
          "libgpt2kernels-%s-%s%s".formatted(platform.label, digest(library), platform.suffix);
      Files.copy(library, results.resolve(name));
      index.append(platform.label).append('=').append(name).append('\n');
    }
    Files.writeString(results.resolve("kernels.properties"), index);
  }

  private void programs(Path results) throws Exception {
    program(Platform.LINUX_X86_64, Purpose.SERVE, results);
    program(Platform.LINUX_AARCH64, Purpose.SERVE, results);
    program(Platform.LINUX_X86_64, Purpose.CHECK, results);
  }

  private void program(Platform platform, Purpose purpose, Path results) throws Exception {
    List<Path> objects = new ArrayList<>(common(platform, purpose));
    objects.addAll(compile(platform, purpose, cFiles(testSources), List.of("-I" + sources)));
    link(platform, objects, results.resolve(platform.label + purpose.suffix), true);
  }

  /** The objects of everything but the operators. */
  private List<Path> common(Platform platform, Purpose purpose) throws Exception {
    List<Path> some = new ArrayList<>();
    for (Path source : cFiles(sources)) {
      String name = source.getFileName().toString();
      if (!name.equals("variant.c") && !name.equals("operators.c")) {
        some.add(source);
      }
    }
    List<Path> objects = new ArrayList<>(compile(platform, purpose, some, List.of()));
    FileTime changed = lastChanged(sources);
    List<List<String>> commands = new ArrayList<>();
    for (Map.Entry<String, List<String>> variant : platform.variants.entrySet()) {
      Path object = object(platform, purpose, variant.getKey());
      objects.add(object);
      if (!Files.exists(object) || Files.getLastModifiedTime(object).compareTo(changed) < 0) {
        commands.add(
            command(
                platform,
                purpose,
                sources.resolve("variant.c"),
                object,
                with(variant.getValue(), "-DVARIANT=" + variant.getKey())));
      }
    }
    runAll(commands);
    return objects;
  }

  private List<Path> compile(
      Platform platform, Purpose purpose, List<Path> files, List<String> flags) throws Exception {
    List<Path> objects = new ArrayList<>();
    List<List<String>> commands = new ArrayList<>();
    for (Path file : files) {
      Path object = object(platform, purpose, file.getFileName().toString());
      objects.add(object);
      commands.add(command(platform, purpose, file, object, flags));
    }
    runAll(commands);
    return objects;
  }

  private Path object(Platform platform, Purpose purpose, String name) {
    return work.resolve(platform.label + purpose.suffix + "-" + name + ".o");
  }

  private List<String> command(
      Platform platform, Purpose purpose, Path source, Path object, List<String> flags) {
    List<String> command = new ArrayList<>(List.of(llvm.resolve("clang").toString()));
    command.addAll(FLAGS);
    command.addAll(purpose.flags);
    command.addAll(platform.flags);
    command.addAll(flags);
    command.addAll(List.of("-c", source.toString(), "-o", object.toString()));
    return command;
  }

  private void link(Platform platform, List<Path> objects, Path result, boolean program)
      throws Exception {
    List<String> command = new ArrayList<>(platform.linkCommand(llvm, program));
    objects.forEach(object -> command.add(object.toString()));
    command.addAll(List.of("-o", result.toString()));
    runAll(List.of(command));
  }

  /** Runs commands, one on each processor at a time. */
  private void runAll(List<List<String>> commands) throws Exception {
    ExecutorService threads =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<?>> all = new ArrayList<>();
      for (List<String> command : commands) {
        all.add(
            threads.submit(
                () -> {
                  run(command);
                  return null;
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void run(List<String> command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LD_LIBRARY_PATH", llvm.toString());
    builder.environment().put("DYLD_LIBRARY_PATH", llvm.toString());
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + "\n" + output);
    }
  }

  /** The time of the last change of the sources or of this file. */
  private static FileTime lastChanged(Path sources) throws IOException {
    FileTime last = Files.getLastModifiedTime(Path.of("src/main/build/CompileKernels.java"));
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        FileTime changed = Files.getLastModifiedTime(file);
        last = changed.compareTo(last) > 0 ? changed : last;
      }
    }
    return last;
  }

  private static List<Path> cFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".c")).sorted().toList();
    }
  }

  private static String key(Path jar, Path sources, Path testSources) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(jar.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    for (Path folder :
        testSources == null
            ? List.of(sources, Path.of("src/main/build"))
            : List.of(sources, Path.of("src/main/build"), testSources)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.sorted().toList()) {
          sha256.update(Files.readAllBytes(file));
        }
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static String digest(Path file) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    return HexFormat.of().formatHex(sha256.digest(Files.readAllBytes(file)), 0, 6);
  }

  private static void clear(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
  }

  /** Unpacks the compiler, the linker, their libraries and their headers. */
  private static void unpack(Path jar, Path llvm) throws IOException {
    Files.createDirectories(llvm);
    try (JarFile all = new JarFile(jar.toFile())) {
      for (Enumeration<JarEntry> entries = all.entries(); entries.hasMoreElements(); ) {
        JarEntry entry = entries.nextElement();
        String name = entry.getName().replaceFirst("org/bytedeco/llvm/[^/]+/", "");
        if (!entry.isDirectory() && name.matches(WANTED)) {
          Path file = llvm.resolve(name);
          Files.createDirectories(file.getParent());
          try (InputStream in = all.getInputStream(entry)) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
    }
    // clang, and lld by the names that say what for; the libraries by those that the two ask for.
    List<String[]> links =
        List.of(
            new String[] {"ld.lld", "lld"},
            new String[] {"ld64.lld", "lld"},
            new String[] {"libclang-cpp.so.20.1", "libclang-cpp.so"},
            new String[] {"libLLVM.so.20.1", "libLLVM.so"});
    for (String[] link : links) {
      if (Files.exists(llvm.resolve(link[1]))) {
        Files.createSymbolicLink(llvm.resolve(link[0]), Path.of(link[1]));
      }
    }
    for (String program : List.of("clang", "lld")) {
      llvm.resolve(program).toFile().setExecutable(true);
    }
    Files.createFile(llvm.resolve("complete"));
  }
}
