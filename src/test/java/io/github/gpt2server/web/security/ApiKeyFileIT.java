package io.github.gpt2server.web.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Keys in a file that changes under a running server. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class ApiKeyFileIT {
  @TempDir private Path folder;

  /** As Kubernetes mounts a secret: keys -> ..data/keys, ..data -> ..1; ..data is replaced. */
  @Test
  void followsTheLinksOfASecret(CapturedOutput output) throws Exception {
    version("..1", "\ufeffmonday-bom\r\n# of Monday\r\n\r\n  monday  \r\nboth\n");
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
    Files.createSymbolicLink(folder.resolve("keys"), Path.of("..data", "keys"));
    try (TestServer server = start("--gpt2.api-keys=fixed")) {
      assertKeys(
          server,
          List.of("monday-bom", "monday", "both", "fixed"),
          List.of("tuesday", "# of Monday"));

      version("..2", "tuesday\nboth\n");
      Files.createSymbolicLink(folder.resolve("..new"), Path.of("..2"));
      Files.move(folder.resolve("..new"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
      await().until(() -> status(server, "tuesday") == 200);

      assertKeys(server, List.of("tuesday", "both", "fixed"), List.of("monday"));
      assertThat(output.getOut())
          .containsOnlyOnce("gpt2.api-keys-file was read again: API keys: 2")
          .doesNotContain("WARN", "monday", "tuesday");
    }
  }

  @Test
  void keysMayHaveNames() throws Exception {
    Files.writeString(folder.resolve("keys"), "alice  sesame\nbob\topen\nplain\n");
    try (TestServer server = start()) {
      assertKeys(server, List.of("sesame", "open", "plain"), List.of("alice", "alice  sesame"));
    }
  }

  @Test
  void aBrokenFileLeavesTheKeysAsTheyWere(CapturedOutput output) throws Exception {
    Path keys = Files.writeString(folder.resolve("keys"), "old");
    try (TestServer server = start()) {
      int warnings = 0;
      for (String content :
          new String[] {"# nobody\n", "new\nthree little words\n", "sch\u00f6n"}) {
        Files.writeString(keys, content);
        int expected = ++warnings;
        await().until(() -> warnings(output) == expected);
        assertKeys(server, List.of("old"), List.of("new"));
      }
      Files.delete(keys);
      await().until(() -> warnings(output) == 4);
      // Longer than two looks: the warning is not repeated.
      Thread.sleep(2500);
      assertKeys(server, List.of("old"), List.of("new"));

      assertThat(output.getOut().lines().filter(line -> line.contains("WARN")))
          .allSatisfy(line -> assertThat(line).endsWith(" The API keys stay as they were: 1"))
          .extracting(line -> line.replaceAll(".*cannot be used: (.*)\\. The API.*", "$1"))
          .containsExactly(
              "it has no key; write one key per line",
              "line 2 is not a key; write one key per line, of " + ApiKey.RULE,
              "line 1 is not a key; write one key per line, of " + ApiKey.RULE,
              "there is no such file");
      Files.writeString(keys, "new");
      await().until(() -> status(server, "new") == 200);
      assertKeys(server, List.of("new"), List.of("old"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          missing | there is no such file
          folder  | it is a folder, not a file with one key per line
          empty   | it has no key; write one key per line
          binary  | it is not UTF-8 text
          large   | it is larger than 1048576 bytes
          twice   | with it, one secret has two names: 'al' and 'bob' are the same key; remove one, or give each a secret of its own
          given   | with it, one secret has two names: one without a name and 'al' are the same key; remove one, or give each a secret of its own
          """)
  void aServerDoesNotStartWithAFileThatCannotBeUsed(String name, String problem) throws Exception {
    Files.createDirectory(folder.resolve("folder"));
    Files.createFile(folder.resolve("empty"));
    Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff});
    Files.writeString(folder.resolve("large"), "k".repeat((1 << 20) + 1));
    Files.writeString(folder.resolve("twice"), "al open\nbob open");
    Files.writeString(folder.resolve("given"), "al sesame");
    Path file = folder.resolve(name);

    assertThatThrownBy(
            () -> new TestServer("--gpt2.api-keys=sesame", "--gpt2.api-keys-file=" + file))
        .hasRootCauseMessage("gpt2.api-keys-file=%s cannot be used: %s.".formatted(file, problem));
  }

  private TestServer start(String... options) {
    String[] all = Arrays.copyOf(options, options.length + 1);
    all[options.length] = "--gpt2.api-keys-file=" + folder.resolve("keys");
    TestServer server = new TestServer(all);
    server.engine().serve();
    return server;
  }

  private void version(String name, String keys) throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve(name)).resolve("keys"), keys);
  }

  private static void assertKeys(TestServer server, List<String> right, List<String> wrong)
      throws Exception {
    for (String key : right) {
      assertThat(status(server, key)).as(key).isEqualTo(200);
    }
    for (String key : wrong) {
      assertThat(status(server, key)).as(key).isEqualTo(401);
    }
  }

  private static int status(TestServer server, String key) throws Exception {
    return server.get("/v1/completions", "Authorization", "Bearer " + key).statusCode();
  }

  private static int warnings(CapturedOutput output) {
    return (int) output.getOut().lines().filter(line -> line.contains("WARN")).count();
  }
}
