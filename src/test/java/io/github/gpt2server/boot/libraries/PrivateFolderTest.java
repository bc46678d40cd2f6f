package io.github.gpt2server.boot.libraries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Which folders code may be loaded from. */
@DisabledOnOs(OS.WINDOWS)
class PrivateFolderTest {
  private static final int ANOTHER = 65534;

  @TempDir private Path temporary;

  private Path folder;

  @BeforeEach
  void create() throws IOException {
    folder = PrivateFolder.create(temporary.resolve("a/b/c"));
  }

  @Test
  void oneThatItMakesIsForTheUserAlone() throws IOException {
    for (Path path = folder; !path.equals(temporary.toRealPath()); path = path.getParent()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rwx------");
    }
    assertThat(PrivateFolder.objection(folder)).isNull();
  }

  @Test
  void oneThatOthersMayReadWillDo() throws IOException {
    allow(folder, "rwxr-xr-x");

    assertThat(PrivateFolder.objection(folder)).isNull();
  }

  @Test
  void oneThatOthersCanWriteToWillNot() throws IOException {
    allow(folder, "rwxrwxrwx");

    assertThat(PrivateFolder.objection(folder)).isEqualTo(folder + " can be written to by others");
  }

  @Test
  void oneBelowAFolderThatOthersCanWriteToWillNot() throws IOException {
    allow(folder.getParent(), "rwx---rwx");

    assertThat(PrivateFolder.objection(folder))
        .isEqualTo(folder.getParent() + " can be written to by others");
  }

  /** In {@code /tmp} nobody can rename what is another's. */
  @Test
  void theStickyBitKeepsOthersFromRenaming() throws IOException {
    Files.setAttribute(folder.getParent(), "unix:mode", 01777);
    assertThat(PrivateFolder.objection(folder)).isNull();

    Files.setAttribute(folder, "unix:mode", 01777);
    assertThat(PrivateFolder.objection(folder)).isEqualTo(folder + " can be written to by others");
  }

  @Test
  void aGroupThatIsNotTheUsersOwnMayNotWrite() throws IOException {
    assumeTrue(isRoot(), "only root can give a folder to another group");
    allow(folder, "rwxrwx---");
    assertThat(PrivateFolder.objection(folder)).isNull();

    Files.setAttribute(folder, "unix:gid", ANOTHER);

    assertThat(PrivateFolder.objection(folder)).isEqualTo(folder + " can be written to by others");
  }

  @Test
  void oneOfAnotherUserWillNot() throws IOException {
    assumeTrue(isRoot(), "only root can give a folder to another user");
    Files.setAttribute(folder, "unix:uid", ANOTHER);

    assertThat(PrivateFolder.objection(folder))
        .isEqualTo(folder + " belongs to the user 65534, but this process runs as the user 0");
  }

  private boolean isRoot() throws IOException {
    return (int) Files.getAttribute(temporary, "unix:uid") == 0;
  }

  private static void allow(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}
