package io.github.gpt2server.boot.libraries;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.boot.settings.InvalidSettingException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places of native libraries that others can write to are refused. */
@DisabledOnOs(OS.WINDOWS)
class NamedLibrariesTest {
  @TempDir private Path temporary;

  private Path folder;
  private Path library;

  @BeforeEach
  void create() throws IOException {
    folder = PrivateFolder.create(temporary.resolve("lib"));
    library = Files.createFile(folder.resolve("libtorch.so"));
    allow(library, "rwxr-xr-x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PYTORCH_LIBRARY_PATH",
        "RUST_LIBRARY_PATH",
        "LIBSTDCXX_LIBRARY_PATH",
        "KERNELS_LIBRARY_PATH",
        "ENGINE_CACHE_DIR",
        "jna.boot.library.path",
        "jna.library.path",
        "library.jline.path"
      })
  void aFolderThatOthersCanWriteToIsRefused(String name) throws IOException {
    assertAllowed(name, folder.toString());
    allow(folder, "rwxrwxrwx");

    assertRefused(name, folder.toString(), folder);
  }

  @Test
  void soIsAFileInIt() throws IOException {
    allow(library, "rwxr-xrwx");

    assertRefused("PYTORCH_LIBRARY_PATH", folder.toString(), library);
    assertRefused("RUST_LIBRARY_PATH", library.toString(), library);
  }

  @Test
  void soIsWhatALinkInItLeadsTo() throws IOException {
    Path elsewhere = Files.createDirectory(folder.getParent().resolve("elsewhere"));
    Path other = Files.createFile(elsewhere.resolve("libc10.so"));
    Files.createSymbolicLink(folder.resolve("libc10.so"), other);
    allow(elsewhere, "rwxr-xr-x");
    allow(other, "rwxr-xr-x");
    assertAllowed("PYTORCH_LIBRARY_PATH", folder.toString());
    allow(elsewhere, "rwxrwxrwx");

    assertRefused("PYTORCH_LIBRARY_PATH", folder.toString(), elsewhere.toRealPath());
  }

  @Test
  void eachFolderOfAPathIsLookedAt() throws IOException {
    Path second = Files.createDirectory(folder.getParent().resolve("second"));
    allow(second, "rwxrwxrwx");

    assertRefused("PYTORCH_LIBRARY_PATH", folder + File.pathSeparator + second, second);
  }

  @Test
  void aCacheIsLookedAtBelowAndBeforeItIsThere() throws IOException {
    Path deep = Files.createDirectories(folder.resolve("pytorch/2.7.1-cpu"));
    Path glue = Files.createFile(deep.resolve("libdjl_torch.so"));
    allow(glue, "rwxr-xrwx");
    assertRefused("ENGINE_CACHE_DIR", folder.toString(), glue);

    allow(glue, "rwxr-xr-x");
    assertAllowed("ENGINE_CACHE_DIR", folder.resolve("none/yet").toString());
    allow(folder, "rwxrwxrwx");
    assertRefused("ENGINE_CACHE_DIR", folder.resolve("none/yet").toString(), folder);
  }

  @Test
  void whatIsNotThereOrNotNamedIsLeftAlone() {
    assertAllowed("PYTORCH_LIBRARY_PATH", temporary.resolve("none").toString());
    assertThatCode(() -> NamedLibraries.check(name -> Optional.empty())).doesNotThrowAnyException();
  }

  private static void assertAllowed(String name, String value) {
    assertThatCode(() -> check(name, value)).doesNotThrowAnyException();
  }

  private static void assertRefused(String name, String value, Path path) {
    assertThatExceptionOfType(InvalidSettingException.class)
        .isThrownBy(() -> check(name, value))
        .withMessage(
            "%s=%s is not allowed: use a place that only the user of this process, or root, can write to, because code is loaded from it (%s can be written to by others).",
            name, value, path);
  }

  private static void check(String name, String value) {
    NamedLibraries.check(asked -> Optional.ofNullable(Map.of(name, value).get(asked)));
  }

  private static void allow(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}
