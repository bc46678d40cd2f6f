package io.github.gpt2server.boot.failure;

import ai.djl.util.Utils;
import io.github.gpt2server.boot.settings.Dtype;
import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.text.Excerpt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.tomcat.ConnectorStartFailedException;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.util.unit.DataSize;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * The reason why the server could not start, in one sentence.
 *
 * <p>The rule: an exception class of this project carries a message made for people, and the
 * outermost one in the chain of causes is shown as it is. The exceptions of others are recognised
 * below; one that is not is quoted, with the way to its stack trace.
 */
public final class StartupFailureMessage {
  private static final String OWN = "io.github.gpt2server.";
  private static final int MAX_QUOTE = 300;

  /** libtorch for the CPU and the tokenizer, unpacked, take 465 MB. */
  private static final long NATIVE_LIBRARY_BYTES = 500_000_000;

  /** The rules in their order: the first that knows the failure words the message. */
  private static final List<Function<List<Throwable>, Optional<String>>> RULES =
      List.of(
          StartupFailureMessage::nativeCache,
          StartupFailureMessage::ownMessage,
          chain -> first(chain, BindException.class).map(StartupFailureMessage::setting),
          chain -> first(chain, ConversionFailedException.class).map(StartupFailureMessage::value),
          chain -> first(chain, MarkedYAMLException.class).map(StartupFailureMessage::yaml),
          chain -> first(chain, PortInUseException.class).map(e -> portInUse(e.getPort())),
          chain -> first(chain, ConnectorStartFailedException.class).map(e -> port(e.getPort())),
          chain -> first(chain, java.net.BindException.class).map(StartupFailureMessage::address),
          chain -> first(chain, OutOfMemoryError.class).map(StartupFailureMessage::heap),
          StartupFailureMessage::nativeMemory,
          chain -> temporaryFolder(Path.of(System.getProperty("java.io.tmpdir"))),
          StartupFailureMessage::nativeLibrary);

  private StartupFailureMessage() {}

  /** The sentence, on one line. */
  static String of(Throwable failure) {
    return of("The server could not start", failure);
  }

  /** The sentence; {@code what} begins it if nothing is known of the failure. */
  public static String of(String what, Throwable failure) {
    List<Throwable> chain =
        Stream.iterate(failure, e -> e != null, Throwable::getCause).limit(50).toList();
    return RULES.stream()
        .flatMap(rule -> rule.apply(chain).stream())
        .findFirst()
        .map(Excerpt::oneLine)
        .orElseGet(() -> unknown(what, chain.get(chain.size() - 1)));
  }

  private static <T extends Throwable> Optional<T> first(List<Throwable> chain, Class<T> type) {
    return chain.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  private static Optional<String> ownMessage(List<Throwable> chain) {
    return chain.stream()
        .filter(e -> e.getClass().getName().startsWith(OWN))
        .map(Throwable::getMessage)
        .filter(message -> message != null && !message.isBlank())
        .findFirst();
  }

  private static String setting(BindException e) {
    ConfigurationProperty property = e.getProperty();
    String given =
        property == null ? e.getName().toString() : e.getName() + "=" + property.getValue();
    return given + " is not allowed: use " + allowed(e.getTarget().getType().toClass()) + ".";
  }

  private static String yaml(MarkedYAMLException e) {
    String where =
        e.getProblemMark() == null
            ? ""
            : " at line %d, column %d"
                .formatted(e.getProblemMark().getLine() + 1, e.getProblemMark().getColumn() + 1);
    return "application.yaml, or another file with settings, is not valid YAML%s: %s."
        .formatted(where, e.getProblem());
  }

  /** A setting read outside the binder: the exception does not know its name. */
  private static String value(ConversionFailedException e) {
    return "A setting has the value "
        + e.getValue()
        + ", which is not allowed: use "
        + allowed(e.getTargetType().getType())
        + ".";
  }

  private static String allowed(Class<?> type) {
    if (type == Dtype.class) {
      return Dtype.ALLOWED;
    }
    if (type == KernelChoice.class) {
      return KernelChoice.ALLOWED;
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-'))
          .collect(Collectors.joining(", "));
    }
    if (type == int.class || type == Integer.class) {
      return "a whole number up to " + Integer.MAX_VALUE;
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == Duration.class) {
      return "a duration such as 30s or 5m";
    }
    if (type == DataSize.class) {
      return "a size such as 4MB";
    }
    return "a value that reads as " + type.getSimpleName();
  }

  private static String portInUse(int port) {
    return "Port "
        + port
        + " is in use by another program: set server.port to a free one, or to 0 to choose any.";
  }

  private static String port(int port) {
    return "The server cannot listen on port "
        + port
        + ": set server.port to one that is free and allowed, or to 0 for any.";
  }

  private static String address(java.net.BindException e) {
    return "The server cannot listen on its address ("
        + e.getMessage()
        + "): set server.address and server.port to an address of this machine and a free port.";
  }

  private static String heap(OutOfMemoryError e) {
    return "There is not enough memory to start ("
        + e.getMessage()
        + "; the Java heap may grow to "
        + Runtime.getRuntime().maxMemory() / (1 << 20)
        + " MiB): give the server more, or lower gpt2.max-sequences.";
  }

  private static Optional<String> nativeMemory(List<Throwable> chain) {
    return AllocationFailure.asked(chain.get(0))
        .map(
            asked ->
                "There is not enough memory to start (libtorch could not get "
                    + asked
                    + "): give the server more, lower gpt2.max-sequences or choose a smaller model.");
  }

  /**
   * Native libraries are unpacked into a folder, and messages do not say why that failed: the
   * folder is looked at. Comes before our own messages, which quote those.
   */
  private static Optional<String> nativeCache(List<Throwable> chain) {
    if (messages(chain).noneMatch(StartupFailureMessage::speaksOfNativeLibrary)) {
      return Optional.empty();
    }
    Path folder = Utils.getCacheDir().toAbsolutePath();
    while (Files.notExists(folder)) {
      folder = folder.getParent();
    }
    boolean writable = Files.isWritable(folder);
    long room = folder.toFile().getUsableSpace();
    if (writable && room >= NATIVE_LIBRARY_BYTES) {
      return Optional.empty();
    }
    return Optional.of(
        "The native libraries cannot be unpacked into "
            + Utils.getCacheDir()
            + (writable
                ? ", where only " + room / 1_000_000 + " MB are free"
                : ", which cannot be written to")
            + ": set DJL_CACHE_DIR to a folder that this process may write to, with "
            + NATIVE_LIBRARY_BYTES / 1_000_000
            + " MB of room.");
  }

  private static boolean speaksOfNativeLibrary(String message) {
    return message.toLowerCase(Locale.ROOT).contains("native library");
  }

  /** Checked whatever failed: much needs that folder, and each library reports it differently. */
  private static Optional<String> temporaryFolder(Path folder) {
    return Files.isDirectory(folder) && Files.isWritable(folder)
        ? Optional.empty()
        : Optional.of(
            "The folder for temporary files, "
                + folder
                + ", does not exist or is not writable: create it, or set another one by starting Java with -Djava.io.tmpdir=FOLDER.");
  }

  private static Optional<String> nativeLibrary(List<Throwable> chain) {
    boolean link = first(chain, UnsatisfiedLinkError.class).isPresent();
    return messages(chain)
        .filter(message -> link || speaksOfNativeLibrary(message))
        .reduce((outer, inner) -> inner)
        .map(
            message ->
                "The native library that runs the model cannot be loaded on this platform ("
                    + System.getProperty("os.name")
                    + " "
                    + System.getProperty("os.arch")
                    + ": "
                    + quote(message)
                    + "): use a build for this platform, or set PYTORCH_LIBRARY_PATH to a folder"
                    + " with libtorch.");
  }

  private static Stream<String> messages(List<Throwable> chain) {
    return chain.stream().map(Throwable::getMessage).filter(message -> message != null);
  }

  private static String unknown(String what, Throwable root) {
    String message = root.getMessage();
    return what
        + ": "
        + root.getClass().getSimpleName()
        + (message == null ? "" : " (" + quote(message) + ")")
        + "; start it with --debug for the stack trace.";
  }

  private static String quote(String message) {
    String cut = Excerpt.beginning(Excerpt.oneLine(message), MAX_QUOTE);
    return cut.endsWith(".") && !cut.endsWith("...") ? cut.substring(0, cut.length() - 1) : cut;
  }
}
