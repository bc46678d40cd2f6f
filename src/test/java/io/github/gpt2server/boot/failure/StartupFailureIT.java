package io.github.gpt2server.boot.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.gpt2server.Gpt2ServerApplication;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.wiring.SecurityConfiguration;
import io.github.gpt2server.testing.OneCore;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What is on standard error after a start that failed: one sentence, whole. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class StartupFailureIT {

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(Gpt2Properties.class)
  static class SettingsOnly {}

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(SecurityConfiguration.class)
  static class Web {}

  /** Stands for an exception of a package of this server, wrapping one that is not for people. */
  static class UnreadableModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableModelException(Throwable cause) {
      super("There is no config.json in /models/x.", cause);
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class NoModel {
    @Bean
    ApplicationRunner loader() {
      return arguments -> {
        throw new UnreadableModelException(new java.io.IOException("/models/x/config.json"));
      };
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Broken {
    @Bean
    ApplicationRunner runner() {
      return arguments -> {
        throw new IllegalStateException("outer", new IllegalArgumentException("two\n lines"));
      };
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gpt2.revision=../x       | gpt2.revision=../x is not allowed: use a branch, tag or commit of the hub, such as main.
          gpt2.hub.endpoint=hub    | gpt2.hub.endpoint=hub is not allowed: use the address of a hub, such as https://hub.example.
          gpt2.hub.token=a b       | gpt2.hub.token=(not shown) is not allowed: use one word of visible ASCII characters.
          gpt2.hub.offline=maybe   | gpt2.hub.offline=maybe is not allowed: use true or false.
          gpt2.hub.tokn=secret     | gpt2.hub.tokn is not a setting: did you mean gpt2.hub.token?
          gpt2.hub-token=secret    | gpt2.hub-token is not a setting: did you mean gpt2.hub.token?
          gpt2.hub=x               | gpt2.hub is not a setting: did you mean gpt2.hub.token?
          gpt2.offline=true        | gpt2.offline=true is not a setting: did you mean gpt2.hub.offline?
          gpt2.device=gpu          | gpt2.device=gpu is not allowed: use auto, cpu, cuda or cuda:N.
          gpt2.device=cuda:-1      | gpt2.device=cuda:-1 is not allowed: use auto, cpu, cuda or cuda:N.
          gpt2.dtype=float8        | gpt2.dtype=float8 is not allowed: use auto, float32, bfloat16, float16 or int8.
          gpt2.kernels=sse         | gpt2.kernels=sse is not allowed: use auto, avx512, avx2, neon, generic or libtorch.
          gpt2.threads=-1          | gpt2.threads=-1 is not allowed: use a whole number of at least 0 (0 lets the server choose).
          gpt2.threads=1025        | gpt2.threads=1025 is not allowed: use a whole number up to 1024.
          gpt2.threads=abc         | gpt2.threads=abc is not allowed: use a whole number up to 2147483647.
          gpt2.max-sequences=0     | gpt2.max-sequences=0 is not allowed: use a whole number of at least 1.
          gpt2.max-sequences=1.5   | gpt2.max-sequences=1.5 is not allowed: use a whole number up to 2147483647.
          gpt2.speculation=draft   | gpt2.speculation=draft is not allowed: use off, ngram.
          gpt2.draft-mdoel=x       | gpt2.draft-mdoel=x is not a setting: did you mean gpt2.draft-model?
          gpt2.max-queue=0         | gpt2.max-queue=0 is not allowed: use a whole number of at least 1.
          gpt2.max-logprobs=-5     | gpt2.max-logprobs=-5 is not allowed: use a whole number of at least 0 (0 stands for the whole vocabulary).
          gpt2.request-timeout=0s  | gpt2.request-timeout=0s is not allowed: use a duration longer than zero, such as 30s or 5m.
          gpt2.request-timeout=5x  | gpt2.request-timeout=5x is not allowed: use a duration such as 30s or 5m.
          gpt2.max-unread=0        | gpt2.max-unread=0B is not allowed: use a size of at least 1B, such as 4MB.
          gpt2.max-unread=4x       | gpt2.max-unread=4x is not allowed: use a size such as 4MB.
          gpt2.shutdown-grace=-3   | gpt2.shutdown-grace=-3s is not allowed: use a duration longer than zero, such as 30s or 5m.
          gpt2.strict-fields=maybe | gpt2.strict-fields=maybe is not allowed: use true or false.
          gpt2.api-keys=a b c      | gpt2.api-keys=(not shown) is not allowed: use keys of visible ASCII characters without spaces, or NAME KEY with a name of lower-case letters, digits and dashes that begins with a letter.
          gpt2.api-keys=B_ob b     | gpt2.api-keys=(not shown) is not allowed: use keys of visible ASCII characters without spaces, or NAME KEY with a name of lower-case letters, digits and dashes that begins with a letter.
          gpt2.api-keys=al x, bob x| gpt2.api-keys has one secret under two names: 'al' and 'bob' are the same key. Remove one of them, or give each a secret of its own.
          gpt2.api-keys=unnamed b  | gpt2.api-keys=(not shown) is not allowed: use keys of visible ASCII characters without spaces, or NAME KEY with a name of lower-case letters, digits and dashes that begins with a letter.
          gpt2.limits.requests-per-minute=-1 | gpt2.limits.requests-per-minute=-1 is not allowed: use a whole number of at least 0 (0 sets no limit).
          gpt2.limits.keys.bob.tokens-per-minute=5 | gpt2.limits.keys.bob has limits for a name that no API key has: write the name before its key in gpt2.api-keys, as in 'bob KEY'.
          gpt2.limits.keys.bob.tokens-per-minutes=5 | gpt2.limits.keys.bob.tokens-per-minutes is not a setting: gpt2.limits.keys.NAME has requests-per-minute, tokens-per-minute and concurrent-requests.
          gpt2.limits.request-per-minute=5 | gpt2.limits.request-per-minute=5 is not a setting: did you mean gpt2.limits.requests-per-minute?
          gpt2.trusted-proxies=proxy.example  | gpt2.trusted-proxies=proxy.example is not allowed: use IP addresses and ranges, such as 10.0.0.7, 10.1.0.0/16 or 2001:db8::/32.
          gpt2.trusted-proxies=10.0.0.0/8,10.0.0.0/33  | gpt2.trusted-proxies=10.0.0.0/33 is not allowed: use IP addresses and ranges, such as 10.0.0.7, 10.1.0.0/16 or 2001:db8::/32.
          gpt2.trusted-proxies=10  | gpt2.trusted-proxies=10 is not allowed: use IP addresses and ranges, such as 10.0.0.7, 10.1.0.0/16 or 2001:db8::/32.
          server.forward-headers-strategy=native  | server.forward-headers-strategy=native is not allowed: use gpt2.trusted-proxies, which names the proxies whose X-Forwarded-* headers are believed.
          gpt2.cors-origins=x.org  | gpt2.cors-origins=x.org is not allowed: use * or origins such as https://example.org or http://host:3000.
          gpt2.cors-origins=http://x.org/a | gpt2.cors-origins=http://x.org/a is not allowed: use * or origins such as https://example.org or http://host:3000.
          gpt2.access-log=maybe    | gpt2.access-log=maybe is not allowed: use true or false.
          gpt2.max-sequence=3      | gpt2.max-sequence=3 is not a setting: did you mean gpt2.max-sequences?
          server.port=99999        | server.port=99999 is not allowed: use a port from 0 to 65535.
          management.server.port=x | management.server.port=x is not allowed: use a port from 0 to 65535.
          server.prot=3            | server.prot is not a setting: did you mean server.port?
          gpt2.timeout=3s          | gpt2.timeout=3s is not a setting: did you mean gpt2.request-timeout?
          gpt2.api-key=secret      | gpt2.api-key is not a setting: did you mean gpt2.api-keys?
          gpt2.zzz=1               | gpt2.zzz=1 is not a setting: there are gpt2.model, gpt2.revision, gpt2.hub.endpoint, gpt2.hub.token, gpt2.hub.cache, gpt2.hub.offline, gpt2.aliases, gpt2.device, gpt2.dtype, gpt2.kernels, gpt2.threads, gpt2.max-sequences, gpt2.prefix-cache-tokens, gpt2.speculation, gpt2.draft-model, gpt2.max-queue, gpt2.request-timeout, gpt2.max-unread, gpt2.max-logprobs, gpt2.max-inspect-values, gpt2.default-max-tokens, gpt2.clamp-max-tokens, gpt2.chat-template, gpt2.trust-request-chat-template, gpt2.strict-fields, gpt2.api-keys, gpt2.api-keys-file, gpt2.limits.requests-per-minute, gpt2.limits.tokens-per-minute, gpt2.limits.concurrent-requests, gpt2.limits.keys, gpt2.share-prefix-cache, gpt2.trusted-proxies, gpt2.cors-origins, gpt2.access-log, gpt2.log-prompts, gpt2.shutdown-grace.
          """)
  void namesSettingValueAndWhatIsAllowed(String setting, String sentence, CapturedOutput output) {
    assertFails(SettingsOnly.class, WebApplicationType.NONE, "--" + setting);

    assertThat(output.getErr().lines()).containsExactly(sentence);
    assertThat(output.getOut()).isEmpty();
  }

  @Test
  void namesTheSettingThatLeavesADraftModelNothingToDo(CapturedOutput output) {
    assertFails(
        SettingsOnly.class,
        WebApplicationType.NONE,
        "--gpt2.draft-model=embedded",
        "--gpt2.speculation=off");

    assertThat(output.getErr().lines())
        .containsExactly(
            "gpt2.draft-model=embedded is not allowed: use it without gpt2.speculation=off, which"
                + " turns all draft tokens off.");
  }

  @Test
  void namesThePortThatIsInUse(CapturedOutput output) throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      int port = taken.getLocalPort();

      assertFails(Web.class, WebApplicationType.SERVLET, "--server.port=" + port);

      assertThat(output.getErr().lines())
          .containsExactly(
              "Port "
                  + port
                  + " is in use by another program: set server.port to a free one, or to 0 to choose any.");
      assertThat(output.getOut()).doesNotContain("WARN", "ERROR", "\tat ");
    }
  }

  @Test
  void quotesSpringsOwnSettingsToo(CapturedOutput output) {
    assertFails(Web.class, WebApplicationType.SERVLET, "--server.port=http");

    assertThat(output.getErr().lines())
        .containsExactly("server.port=http is not allowed: use a port from 0 to 65535.");
  }

  @Test
  void showsTheMessageOfOurOwnExceptions(CapturedOutput output) {
    assertFails(NoModel.class, WebApplicationType.NONE);

    assertThat(output.getErr().lines()).containsExactly("There is no config.json in /models/x.");
    assertThat(output.getOut()).isEmpty();
  }

  @Test
  void quotesTheRootOfWhatIsNotKnown(CapturedOutput output) {
    assertFails(Broken.class, WebApplicationType.NONE);

    assertThat(output.getErr().lines())
        .containsExactly(
            "The server could not start: IllegalArgumentException (two lines); start it with"
                + " --debug for the stack trace.");
    assertThat(output.getOut()).isEmpty();
  }

  @Test
  void logsTheStackTraceWhenAsked(CapturedOutput output) {
    assertFails(Broken.class, WebApplicationType.NONE, "--debug");

    assertThat(output.getErr().lines()).hasSize(1);
    assertThat(output.getOut())
        .contains("Start-up failed")
        .contains("java.lang.IllegalStateException: outer")
        .contains("Caused by: java.lang.IllegalArgumentException: two");
  }

  /** The process as a user starts it. */
  @Test
  void endsTheProcessWithExitCodeOne(@TempDir Path folder) throws Exception {
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Gpt2ServerApplication.class.getName()));
    builder.environment().put("GPT2_MAX_SEQUENCES", "0");
    builder.redirectError(err.toFile()).redirectOutput(folder.resolve("out").toFile());

    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(Files.readAllLines(err))
        .containsExactly("gpt2.max-sequences=0 is not allowed: use a whole number of at least 1.");
    assertThat(folder.resolve("out")).isEmptyFile();
  }

  @Test
  void throwsTheFailureOn() {
    assertThatThrownBy(
            () -> new SpringApplicationBuilder(NoModel.class).web(WebApplicationType.NONE).run())
        .isInstanceOf(UnreadableModelException.class);
  }

  private static void assertFails(Class<?> source, WebApplicationType type, String... options) {
    Throwable failure =
        catchThrowable(() -> new SpringApplicationBuilder(source).web(type).run(options).close());
    assertThat(failure).isNotNull();
  }
}
