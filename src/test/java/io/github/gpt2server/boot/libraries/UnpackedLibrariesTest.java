package io.github.gpt2server.boot.libraries;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Unpacks files of the class path in the place of libraries. */
class UnpackedLibrariesTest {
  private static final List<String> RESOURCES = List.of("gpt2/model.py", "static/app.js");

  @TempDir private Path temporary;

  private Path folder;
  private UnpackedLibraries libraries;

  @BeforeEach
  void open() throws IOException {
    folder = PrivateFolder.create(temporary.resolve("native"));
    libraries = UnpackedLibraries.of("some", "some.path", "app.js", RESOURCES).orElseThrow();
  }

  @Test
  void unpacksThemOnce() throws IOException {
    Path library = libraries.in(folder);

    assertThat(library).hasFileName("app.js").hasBinaryContent(packaged("static/app.js"));
    Path own = library.getParent();
    assertThat(own.resolve("model.py")).hasBinaryContent(packaged("gpt2/model.py"));
    FileTime unpacked = Files.getLastModifiedTime(library);
    assertThat(libraries.in(folder)).isEqualTo(library);
    assertThat(Files.getLastModifiedTime(library)).isEqualTo(unpacked);
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all).containsExactly(own);
    }
  }

  @Test
  void theListIsThatOfSha256sum() throws Exception {
    Path own = libraries.in(folder).getParent();

    assertThat(Files.readAllLines(own.resolve("SHA256SUMS")))
        .containsExactly(
            sha256("gpt2/model.py") + "  model.py", sha256("static/app.js") + "  app.js");
  }

  @Test
  void aFileWithOtherContentsOfTheSameSizeIsNotTaken() throws IOException {
    Path library = libraries.in(folder);
    byte[] planted = packaged("static/app.js");
    planted[0] ^= 1;
    FileTime before = Files.getLastModifiedTime(library);
    Files.write(library, planted);
    Files.setLastModifiedTime(library, before);

    assertThat(libraries.in(folder)).hasBinaryContent(packaged("static/app.js"));
  }

  @Test
  void aFileThatWasTouchedAndIsRightIsTaken() throws IOException {
    Path library = libraries.in(folder);
    FileTime touched = FileTime.fromMillis(1);
    Files.setLastModifiedTime(library, touched);

    assertThat(Files.getLastModifiedTime(libraries.in(folder))).isEqualTo(touched);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void filesThatWereReadAndAreRightAreNotReadAgain() throws IOException {
    Path library = libraries.in(folder);
    Path sums = library.resolveSibling("SHA256SUMS");
    awaitTick(sums);
    // As a copy is: newer than the list.
    Files.setLastModifiedTime(library, FileTime.fromMillis(1));
    assertThat(changed(library)).isGreaterThan(changed(sums));

    libraries.in(folder);

    assertThat(changed(sums)).isGreaterThanOrEqualTo(changed(library));
    awaitTick(sums);
    byte[] planted = packaged("static/app.js");
    planted[0] ^= 1;
    Files.write(library, planted);
    assertThat(libraries.in(folder)).hasBinaryContent(packaged("static/app.js"));
  }

  /** Waits until the file system's clock has gone on since a file was changed. */
  private void awaitTick(Path file) throws IOException {
    Path now = temporary.resolve("now");
    do {
      Files.writeString(now, "now");
    } while (changed(now).compareTo(changed(file)) <= 0);
  }

  private static FileTime changed(Path path) throws IOException {
    return (FileTime) Files.getAttribute(path, "unix:ctime");
  }

  @Test
  void whatIsCutMissingTooMuchOrALinkIsUnpackedAgain() throws IOException {
    Path library = libraries.in(folder);
    Path own = library.getParent();
    Files.writeString(library, "cut");
    assertThat(libraries.in(folder)).hasBinaryContent(packaged("static/app.js"));
    Files.delete(own.resolve("model.py"));
    libraries.in(folder);
    assertThat(own.resolve("model.py")).hasBinaryContent(packaged("gpt2/model.py"));
    Files.writeString(own.resolve("more.so"), "loaded with the rest");
    libraries.in(folder);
    assertThat(own.resolve("more.so")).doesNotExist();
    Files.delete(own.resolve("SHA256SUMS"));
    libraries.in(folder);
    assertThat(own.resolve("SHA256SUMS")).exists();
    Path elsewhere = Files.write(temporary.resolve("elsewhere"), packaged("static/app.js"));
    Files.delete(library);
    Files.createSymbolicLink(library, elsewhere);
    assertThat(Files.isSymbolicLink(libraries.in(folder))).isFalse();
  }

  @Test
  void whatTheJarDoesNotHaveIsNotThere() {
    assertThat(UnpackedLibraries.of("some", "some.path", "", List.of("gpt2/none.so"))).isEmpty();
  }

  private static byte[] packaged(String resource) throws IOException {
    try (var in = UnpackedLibrariesTest.class.getResourceAsStream("/" + resource)) {
      return in.readAllBytes();
    }
  }

  private static String sha256(String resource) throws Exception {
    return java.util.HexFormat.of()
        .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(packaged(resource)));
  }
}
