package io.github.gpt2server.boot.failure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.InvalidSettingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartupFailureMessageTest {

  @Test
  void tellsThatTheHeapIsTooSmall() {
    long heap = Runtime.getRuntime().maxMemory() >> 20;

    assertThat(
            StartupFailureMessage.of(
                new IllegalStateException(new OutOfMemoryError("Java heap space"))))
        .isEqualTo(
            "There is not enough memory to start (Java heap space; the Java heap may grow to "
                + heap
                + " MiB): give the server more, or lower gpt2.max-sequences.");
  }

  @Test
  void tellsThatNativeMemoryIsNotEnough() {
    assertShort(
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 41943040"
            + " bytes. Error code 12",
        "41.9 MB of memory");
    assertShort(
        "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 1.00 GiB",
        "2.50 GiB of memory");
    assertShort(
        """
        The following operation failed in the TorchScript interpreter.
          File "code/__torch__.py", line 98, in allocate_cache
        RuntimeError: CUDA out of memory. Tried to allocate 9.31 TiB. GPU 0 has a total
        capacity of 80 GiB of which 79 GiB is free. Process 7 has 1 GiB in use.
        """,
        "9.31 TiB of memory");
    assertShort("DefaultCPUAllocator: not enough memory", "more memory");
  }

  @Test
  void tellsThatThereIsNoTemporaryFolder(@TempDir Path folder) {
    String missing = folder.resolve("missing").toString();
    String before = System.setProperty("java.io.tmpdir", missing);
    try {
      assertThat(StartupFailureMessage.of(new NoSuchFileException(missing + "/x")))
          .isEqualTo(
              "The folder for temporary files, "
                  + missing
                  + ", does not exist or is not writable: create it, or set another one by starting Java with -Djava.io.tmpdir=FOLDER.");
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  private static void assertShort(String failure, String asked) {
    assertThat(
            StartupFailureMessage.of(new IllegalStateException(new IllegalStateException(failure))))
        .isEqualTo(
            "There is not enough memory to start (libtorch could not get "
                + asked
                + "): give the server more, lower gpt2.max-sequences or choose a smaller model.");
  }

  @Test
  void tellsThatTheNativeLibraryIsMissing() {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");

    assertThat(
            StartupFailureMessage.of(
                new IllegalStateException(
                    "Failed to load PyTorch native library",
                    new UnsatisfiedLinkError("libtorch.so: cannot open shared object file"))))
        .isEqualTo(
            "The native library that runs the model cannot be loaded on this platform ("
                + platform
                + ": libtorch.so: cannot open shared object file): use a build for this platform,"
                + " or set PYTORCH_LIBRARY_PATH to a folder with libtorch.");
    assertThat(
            StartupFailureMessage.of(
                new IllegalStateException("Failed to load PyTorch native library")))
        .contains(platform + ": Failed to load PyTorch native library)");
  }

  @Test
  void prefersOurOwnMessageToWhatCausedIt() {
    InvalidSettingException own = new InvalidSettingException("gpt2.x", "1", "2");
    own.initCause(new OutOfMemoryError("Java heap space"));

    assertThat(StartupFailureMessage.of(new IllegalStateException("wrapper", own)))
        .isEqualTo("gpt2.x=1 is not allowed: use 2.");
  }

  @Test
  void doesWithoutAMessage() {
    assertThat(StartupFailureMessage.of(new IllegalStateException((String) null)))
        .isEqualTo(
            "The server could not start: IllegalStateException; start it with --debug for the"
                + " stack trace.");
  }
}
