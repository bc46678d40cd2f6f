package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.testing.LiveServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server without kernels in C. */
class LibtorchOperatorsIT {

  /** The choice is the process's. */
  @AfterAll
  static void useKernelsAgain() {
    TorchRuntime.useKernels(KernelChoice.AUTO);
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16", "int8"})
  void answersInEveryType(String dtype) throws IOException {
    try (LiveServer server = new LiveServer("--gpt2.kernels=libtorch", "--gpt2.dtype=" + dtype)) {
      assertThat(server.model().kernels()).isEqualTo("libtorch");
      String request = "{\"prompt\": \"The king\", \"max_tokens\": 4, \"temperature\": 0}";
      assertThat(server.ask("/v1/completions", request).at("/choices/0/text").stringValue())
          .isEqualTo(" was very angry,");
    }
  }
}
