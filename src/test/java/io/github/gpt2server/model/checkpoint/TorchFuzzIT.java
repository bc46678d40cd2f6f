package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever PyTorch's file has become, it is read or refused with a sentence, in bounded memory. */
@OneCore
class TorchFuzzIT {
  private static final int MUTATIONS = 5_000;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"zip.bin", "zip-protocol-4.bin", "stream.bin"})
  void refusesWithASentenceOrReads(String name) throws IOException {
    byte[] valid = Files.readAllBytes(Path.of("src/test/resources/torch", name));
    FileFuzzer fuzzer = new FileFuzzer(folder.resolve("x.bin"), TorchFile::open);
    Random random = new Random(11);
    for (int i = 0; i < MUTATIONS; i++) {
      fuzzer.open(FileFuzzer.mutate(valid, random));
    }
    assertThat(fuzzer.read()).isGreaterThan(MUTATIONS / 100);
    assertThat(fuzzer.refused()).isGreaterThan(MUTATIONS / 10);
  }
}
