package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

@ExtendWith(OutputCaptureExtension.class)
class StartupLineTest {
  private static final StartupFacts FACTS =
      new StartupFacts(
          "gpt2", 124_439_808, "float32", "cpu", 2, 32L * 1024 * 36_864, "avx512vnni", 7.7e-7, "");

  @Test
  void saysWhatIsServedHowAndWhere() {
    assertThat(
            StartupLine.format(
                FACTS,
                Duration.ofMillis(3_249),
                OptionalLong.of(1_048_576),
                OptionalLong.of(2_097_152),
                "http://localhost:1/"))
        .isEqualTo(
            "gpt2 (124.4M parameters, float32, cpu, 2 threads, avx512vnni kernels with errors up to 7.7e-07, KV cache 1152 MiB) ready after"
                + " 3.2 s, 1024 MiB resident (peak 2048): http://localhost:1/");
  }

  @Test
  void leavesOutWhatThePlatformDoesNotTell() {
    assertThat(
            StartupLine.format(
                new StartupFacts(
                    "m", 1_000_000, "bfloat16", "cuda:0", 1, 1 << 20, "avx512vnni", 7.7e-7, ""),
                Duration.ofSeconds(1),
                OptionalLong.empty(),
                OptionalLong.empty(),
                "http://localhost:1/"))
        .isEqualTo(
            "m (1.0M parameters, bfloat16, cuda:0, 1 thread, avx512vnni kernels with errors up to 7.7e-07, KV cache 1 MiB) ready after 1.0 s:"
                + " http://localhost:1/");
  }

  @Test
  void namesTheDraftModel() {
    assertThat(
            StartupLine.format(
                new StartupFacts(
                    "m",
                    1_000_000,
                    "float32",
                    "cpu",
                    1,
                    1 << 20,
                    "avx512vnni",
                    7.7e-7,
                    "org/small"),
                Duration.ofSeconds(1),
                OptionalLong.empty(),
                OptionalLong.empty(),
                "http://localhost:1/"))
        .startsWith(
            "m (1.0M parameters, float32, cpu, 1 thread, avx512vnni kernels with errors up to 7.7e-07, KV cache 1 MiB, draft model org/small)"
                + " ready");
  }

  @Test
  void takesTheAddressFromTheWebServer(CapturedOutput output) {
    new StartupLine(
            new MockEnvironment()
                .withProperty("local.server.port", "4711")
                .withProperty("server.port", "0"))
        .print(FACTS);

    assertThat(output.getOut().strip().lines()).hasSize(1);
    assertThat(output.getOut().strip()).endsWith(": http://localhost:4711/");
  }

  @ParameterizedTest
  @CsvSource({
    "server.ssl.certificate, /tls.crt, https://localhost:4711/",
    "server.ssl.key-store, /store.p12, https://localhost:4711/",
    "server.ssl.bundle, web, https://localhost:4711/",
    "server.ssl.enabled, false, http://localhost:4711/",
    "server.address, ::1, http://[::1]:4711/"
  })
  void namesTheSchemeAndTheAddress(
      String setting, String value, String url, CapturedOutput output) {
    new StartupLine(
            new MockEnvironment()
                .withProperty("local.server.port", "4711")
                .withProperty(setting, value))
        .print(FACTS);

    assertThat(output.getOut().strip()).endsWith(": " + url);
  }
}
