package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LibtorchFolderTest {
  @TempDir Path folder;

  @Test
  void aFolderWithoutCudaTakesTheCpuFlavor() throws IOException {
    Files.createFile(folder.resolve(System.mapLibraryName("torch")));

    assertThat(LibtorchFolder.flavor(folder.toString())).isEqualTo("cpu");
  }

  @Test
  @EnabledOnOs(
      value = {OS.LINUX, OS.WINDOWS},
      architectures = {"amd64", "x86_64"})
  void aFolderWithCudaTakesTheFlavorThatIsPackaged() throws IOException {
    Files.createFile(folder.resolve(System.mapLibraryName("torch_cuda")));

    String flavor = LibtorchFolder.flavor("missing" + File.pathSeparator + folder);

    assertThat(flavor).startsWith("cu");
    assertThat(getClass().getResource("/jnilib/" + platform() + "/" + flavor)).isNotNull();
  }

  private static String platform() {
    return OS.LINUX.isCurrentOs() ? "linux-x86_64" : "win-x86_64";
  }
}
