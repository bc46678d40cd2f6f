package io.github.gpt2server.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibcTest {
  private static final int BYTES = 32 << 20;

  @TempDir Path folder;

  @Test
  void pagesOfAMappedFileLeaveThisProcessAndAreReadAgain() throws IOException {
    assumeTrue(Libc.isLinux());
    byte[] content = new byte[BYTES];
    new Random(8).nextBytes(content);
    Path file = Files.write(folder.resolve("content"), content);
    // Not from a page's beginning.
    int from = 100_001;
    try (FileChannel channel = FileChannel.open(file)) {
      MappedByteBuffer mapped =
          channel.map(FileChannel.MapMode.READ_ONLY, from, (long) BYTES - from);
      mapped.load();
      long before = mappedKibibytes();

      assertThat(Libc.releaseMapped(mapped)).isTrue();

      assertThat(before - mappedKibibytes()).isGreaterThan((BYTES >> 10) * 3L / 4);
      byte[] again = new byte[BYTES - from];
      mapped.get(again);
      assertThat(again).isEqualTo(java.util.Arrays.copyOfRange(content, from, BYTES));
    }
  }

  private static long mappedKibibytes() {
    return ProcessStatus.kibibytes("RssFile").orElseThrow();
  }
}
