package io.github.gpt2server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.hub.ModelHub;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.testing.LookAlikeHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code download} and {@code models} on a look-alike hub and a cache of their own. */
class HubCommandsTest {
  private static final String MODEL = "org/small";
  private static final String OTHER = "11c5a3d5811f50298f278a704980280950aedb10";

  @TempDir private Path folder;

  private LookAlikeHub hub;
  private Path cache;

  @BeforeEach
  void start() {
    hub = new LookAlikeHub();
    hub.addSmall(MODEL, 300_000).tag("v1", OTHER);
    cache = folder.resolve("cache");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void downloadTellsModelCommitAndFolder() {
    CommandRun run = run("download", MODEL);

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out().lines())
        .containsExactly(
            "model   org/small",
            "commit  " + LookAlikeHub.COMMIT,
            "folder  " + snapshot(LookAlikeHub.COMMIT));
    assertThat(snapshot(LookAlikeHub.COMMIT).resolve("model.safetensors")).hasSize(300_000);
  }

  @Test
  void downloadTakesTheRevisionOfTheSettingsUnlessItIsGivenOne() {
    assertThat(runAt("v1", "download", MODEL, "--json").json().get("commit").stringValue())
        .isEqualTo(OTHER);
    assertThat(
            runAt("v1", "download", MODEL, "--revision", "main", "--json")
                .json()
                .get("commit")
                .stringValue())
        .isEqualTo(LookAlikeHub.COMMIT);
  }

  @Test
  void downloadFailsInOneSentence() {
    CommandRun run = run("download", "org/nothing");

    assertThat(run.exitCode()).isEqualTo(-1);
    assertThat(run.err().lines())
        .singleElement()
        .asString()
        .startsWith("There is no model org/nothing on " + hub.endpoint());
    assertThat(run.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "a/b/c",
        "/etc/passwd",
        "a..b/c",
        "a/..",
        "org/model?x",
        "org/model%2e",
        "https://huggingface.co/openai-community/gpt2",
        "",
        "org/",
        "-/x"
      })
  void whatIsNoIdIsRefusedBeforeAnythingIsAsked(String id) {
    CommandRun run = run("download", "--", id);

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines())
        .containsExactly(
            "ID must be organisation/name, such as openai-community/gpt2, but is '%s'; see download --help."
                .formatted(id));
    assertThat(hub.requests()).isEmpty();
    assertThat(cache).doesNotExist();
  }

  @Test
  void theEmbeddedModelIsThere() {
    CommandRun run = run("download", "embedded");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines())
        .containsExactly(
            "The embedded model is inside the program and needs no download; see download --help.");
  }

  @Test
  void anOptionIsNoId() {
    CommandRun run = run("download", "-x");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines())
        .containsExactly("Missing required parameter: 'ID'; see download --help.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../main", "a//b", "-x", ""})
  void whatIsNoRevisionIsRefused(String revision) {
    CommandRun run = run("download", MODEL, "--revision=" + revision);

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines())
        .containsExactly(
            "--revision must be a branch, a tag or a full commit hash, but is '%s'; see download --help."
                .formatted(revision));
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void modelsAreThoseOfTheCacheAndTheEmbeddedOne() throws IOException {
    assertThat(run("models").out().lines())
        .containsExactly(
            "model     size  revision  commit  files",
            "embedded  -     -         -       inside the program",
            "Cache: " + cache);
    run("download", MODEL);
    run("download", MODEL, "--revision", "v1");
    Files.delete(snapshot(OTHER).resolve("model.safetensors"));
    Files.createDirectories(cache.resolve("models--gpt2/blobs"));
    Files.write(cache.resolve("models--gpt2/blobs/c0ffee.incomplete"), new byte[2_000]);

    CommandRun run = run("models");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines())
        .containsExactly(
            "model      size    revision  commit                                    files",
            "embedded   -       -         -                                         inside the program",
            "gpt2       2.0 kB  -         -                                         download interrupted",
            "org/small  300 kB  v1        %s  missing: model.safetensors".formatted(OTHER),
            "                   main      %s  complete".formatted(LookAlikeHub.COMMIT),
            "Cache: " + cache);
  }

  @Test
  void modelsForPrograms() {
    run("download", MODEL);

    JsonNode json = run("models", "--json").json();

    assertThat(json.get("embedded").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(json.get("cache").stringValue()).isEqualTo(cache.toString());
    assertThat(json.get("models").toString())
        .isEqualTo(
            "[{\"model\":\"org/small\",\"snapshots\":[{\"commit\":\"%s\",\"revisions\":[\"main\"],\"missing\":null}],\"bytes\":300080}]"
                .formatted(LookAlikeHub.COMMIT));
  }

  private Path snapshot(String commit) {
    return cache.resolve("models--org--small/snapshots").resolve(commit);
  }

  private CommandRun run(String... arguments) {
    return runAt("main", arguments);
  }

  /** With {@code gpt2.revision} set. */
  private CommandRun runAt(String revision, String... arguments) {
    HubOptions options = new HubOptions(hub.endpoint(), null, cache.toString(), null);
    ModelHub models =
        new ModelHub(HubSettings.of(options, Map.of("HF_HOME", folder.toString())), config -> {});
    return CommandRun.of(new CommandSettings(models, revision), arguments);
  }
}
