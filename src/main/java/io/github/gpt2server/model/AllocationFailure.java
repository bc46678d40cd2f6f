package io.github.gpt2server.model;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tells libtorch's failures to get memory, of the CPU or a GPU, from its other failures. */
public final class AllocationFailure {
  // The last is what oneDNN says when it gets no memory for the code that it generates.
  private static final Pattern SHORTAGE =
      Pattern.compile(
          "not enough memory|can't allocate memory|out of memory"
              + "|could not create a primitive(?! descriptor)");
  private static final Pattern ASKED =
      Pattern.compile("tried to allocate (?:(\\d+) bytes|(\\d[\\d.]* [KMGT]iB))");

  private AllocationFailure() {}

  /**
   * The memory that could not be allocated: its size, or {@code more memory}; empty if it is no
   * such failure.
   */
  public static Optional<String> asked(Throwable failure) {
    return Stream.iterate(failure, e -> e != null, Throwable::getCause)
        .limit(50)
        .map(e -> String.valueOf(e.getMessage()))
        .filter(message -> SHORTAGE.matcher(message.toLowerCase(Locale.ROOT)).find())
        .findFirst()
        .map(AllocationFailure::amount);
  }

  private static String amount(String message) {
    // libtorch's GPU allocator begins the sentence with a capital letter.
    Matcher asked = ASKED.matcher(message.replace("Tried", "tried"));
    if (!asked.find()) {
      return "more memory";
    }
    return (asked.group(2) != null
            ? asked.group(2)
            : "%.1f MB".formatted(Double.parseDouble(asked.group(1)) / 1e6))
        + " of memory";
  }
}
