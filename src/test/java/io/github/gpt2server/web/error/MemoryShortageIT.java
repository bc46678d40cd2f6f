package io.github.gpt2server.web.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OneCore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** libtorch gets no memory: at the start, and for a request. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class MemoryShortageIT {
  private static final String LIBTORCH =
      "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9000000000 bytes.";

  @TempDir private Path folder;

  /** An address space of 4 GB, and a KV cache of 5. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aModelThatGetsNoMemoryEndsTheStartWithASentence() throws Exception {
    List<String> limited = List.of("bash", "-c", "ulimit -v 4000000; exec \"$@\"", "bash");
    try (ChildServer server =
        new ChildServer(folder, limited, Map.of(), "--gpt2.max-sequences=1000")) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors().lines())
          .singleElement()
          .asString()
          .matches(
              "There is not enough memory to start \\(libtorch could not get [\\d.]+ MB of memory"
                  + "\\): give the server more, lower gpt2.max-sequences or choose a smaller model\\.");
      assertThat(server.leftovers()).isEmpty();
    }
  }

  @Test
  void aRequestThatGetsNoMemoryIs503AndTheOthersGoOn(CapturedOutput output) throws Exception {
    List<Throwable> failures =
        List.of(new IllegalStateException(LIBTORCH), new OutOfMemoryError("Java heap space"));
    try (LiveServer server = new LiveServer("--gpt2.max-sequences=2")) {
      for (Throwable failure : failures) {
        TaskRequest<Void> request =
            new TaskRequest<>(
                "large",
                List.of(),
                model -> MemoryShortageIT.<RuntimeException>fail(failure),
                Duration.ofMinutes(1));

        try (RunningTask<Void> task =
            RunningTask.submit(server.model().engine()::submit, request)) {
          ApiException refusal = catchThrowableOfType(ApiException.class, task::await);

          assertThat(refusal.status().value()).isEqualTo(503);
          assertThat(refusal.response().error().code()).isEqualTo("out_of_memory");
        }
        assertThat(server.ask("/v1/completions", "{\"max_tokens\": 2}").get("choices")).hasSize(1);
      }
    }
    assertThat(output.getOut())
        .containsOnlyOnce("Request large failed: libtorch could not get 9000.0 MB of memory")
        .containsOnlyOnce("Request large failed: Java could not get more memory (Java heap space)")
        .doesNotContain("\tat ");
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> ModelTask<Void> fail(Throwable failure) throws E {
    throw (E) failure;
  }
}
