package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.hub.cache.CachedModel;
import io.github.gpt2server.hub.cache.CachedModel.CachedSnapshot;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.FetchProgress;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.LookAlikeHub.Request;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files fetched from a working hub, and their layout in the cache. */
class FetchTest extends HubTest {
  private static final String COMMIT = LookAlikeHub.COMMIT;
  private static final String OTHER = "11c5a3d5811f50298f278a704980280950aedb10";

  @Test
  void fetchesWhatIsNeededIntoTheLayoutOfHuggingFace() throws Exception {
    Snapshot snapshot = fixture.fetch();

    assertThat(snapshot.commit()).isEqualTo(COMMIT);
    assertThat(snapshot.folder()).isEqualTo(fixture.root().resolve("snapshots/" + COMMIT));
    assertThat(files(snapshot.folder()))
        .containsExactly("config.json", "model.safetensors", "tokenizer.json");
    for (String file : files(snapshot.folder())) {
      Path link = snapshot.folder().resolve(file);
      assertThat(link).hasBinaryContent(repository.content(file)).isSymbolicLink();
      assertThat(Files.readSymbolicLink(link))
          .isEqualTo(Path.of("../../blobs").resolve(repository.etag(file)));
    }
    assertThat(fixture.root().resolve("refs/main")).hasContent(COMMIT);
    assertThat(files(fixture.root().resolve("blobs"))).hasSize(3);
    assertThat(files(fixture.cache.resolve(".locks/models--org--small")))
        .hasSize(3)
        .allMatch(name -> name.endsWith(".lock"));
    assertThat(fixture.pauses).isEmpty();
  }

  @Test
  void tellsHowFarItIs() throws Exception {
    fixture.fetch();

    long total =
        Stream.of("model.safetensors", "tokenizer.json")
            .mapToLong(file -> repository.content(file).length)
            .sum();
    assertThat(fixture.progress).isNotEmpty();
    assertThat(fixture.progress).extracting(FetchProgress::total).containsOnly(total);
    assertThat(fixture.progress)
        .extracting(FetchProgress::received)
        .isSorted()
        .last()
        .isEqualTo(total);
  }

  @Test
  void downloadsNoWeightsOfAModelThatIsNotToBeServed() {
    HubSettings settings =
        HubSettings.of(new HubOptions(null, null, null, null), fixture.variables);
    ModelHub hub =
        new ModelHub(
            settings,
            config -> {
              assertThat(config.resolve("config.json")).exists();
              throw new IllegalArgumentException("no GPT-2");
            });

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> hub.fetch(HubFixture.MODEL, "main", fixture.progress::add))
        .withMessage("no GPT-2");

    assertThat(fixture.server.count("GET", "config.json")).isPositive();
    assertThat(fixture.server.count("HEAD", "model.safetensors")).isZero();
    assertThat(fixture.progress).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/b/c", "-x", "", "a--b", "org/model.git"})
  void refusesWhatIsNoId(String text) {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch(text, "main"))
        .withMessage(
            "'%s' is not the id of a model: use organisation/name, as the model's page does, such"
                + " as openai-community/gpt2.",
            text);
    assertThat(fixture.server.requests()).isEmpty();
  }

  @Test
  void refusesWhatIsNoRevision() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch(HubFixture.MODEL, "../../x"))
        .withMessage(
            "org/small has no revision ../../x: set gpt2.revision to a branch, a tag or a full"
                + " commit hash.");
    assertThat(fixture.server.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1.0", "refs/pr/3", "my+branch"})
  void takesTagsAndBranches(String revision) throws Exception {
    repository.tag(revision, OTHER);

    assertThat(fixture.fetch(HubFixture.MODEL, revision).commit()).isEqualTo(OTHER);

    assertThat(fixture.root().resolve("refs").resolve(revision)).hasContent(OTHER);
    assertThat(fixture.hub().cached())
        .containsExactly(
            new CachedModel(
                HubFixture.MODEL,
                List.of(new CachedSnapshot(OTHER, List.of(revision), null)),
                300_000 + 22 + 18 + OTHER.length()));
  }

  @Test
  void followsAnOldName() throws Exception {
    fixture.server.addSmall("openai-community/gpt2", 1_000);
    fixture.server.rename("gpt2", "openai-community/gpt2");

    Snapshot snapshot = fixture.fetch("gpt2", "main");

    // Where Python puts it and looks for it.
    assertThat(snapshot.folder())
        .isEqualTo(fixture.cache.resolve("models--gpt2/snapshots/" + COMMIT));
    assertThat(snapshot.folder().resolve("model.safetensors")).hasSize(1_000);
  }

  @Test
  void takesShardsBeforePickles() throws Exception {
    repository
        .remove("model.safetensors")
        .put("pytorch_model.bin", new byte[50])
        .put(
            "model.safetensors.index.json",
            index("model-1-of-2.safetensors", "model-2-of-2.safetensors"))
        .put("model-1-of-2.safetensors", new byte[1_000])
        .put("model-2-of-2.safetensors", new byte[2_000]);

    assertThat(files(fixture.fetch().folder()))
        .containsExactly(
            "config.json",
            "model-1-of-2.safetensors",
            "model-2-of-2.safetensors",
            "model.safetensors.index.json",
            "tokenizer.json");
  }

  @Test
  void takesPicklesWhereThereIsNothingElse() throws Exception {
    repository.remove("model.safetensors").put("pytorch_model.bin", new byte[50]);
    assertThat(files(fixture.fetch().folder()))
        .containsExactly("config.json", "pytorch_model.bin", "tokenizer.json");

    repository
        .branch("main", OTHER)
        .remove("pytorch_model.bin")
        .put("pytorch_model.bin.index.json", index("pytorch_model-00001-of-00001.bin"))
        .put("pytorch_model-00001-of-00001.bin", new byte[60]);
    assertThat(files(fixture.fetch().folder()))
        .containsExactly(
            "config.json",
            "pytorch_model-00001-of-00001.bin",
            "pytorch_model.bin.index.json",
            "tokenizer.json");
  }

  @Test
  void takesNoShardOutsideTheFolder() {
    repository
        .remove("model.safetensors")
        .put("model.safetensors.index.json", index("../../../../evil"));

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch())
        .withMessage(
            "model.safetensors.index.json of org/small names a shard that is not a file name"
                + " ('../../../../evil').");
  }

  @Test
  void sendsTheTokenToTheHubAlone() throws Exception {
    repository.gatedFor("hf_good");
    fixture.with("HF_TOKEN", "hf_good").fetch();

    assertThat(fixture.server.requests())
        .filteredOn(request -> !request.cdn())
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.authorization()).isEqualTo("Bearer hf_good"));
    assertThat(fixture.server.requests()).filteredOn(Request::cdn).hasSize(1);
  }

  @Test
  void findsTheTokenWherePythonPutsIt() throws Exception {
    repository.privateTo("hf_file");
    Path home = Files.createDirectories(fixture.cache.resolveSibling("home"));
    Files.writeString(home.resolve("token"), "hf_file\n");

    assertThat(fixture.fetch().commit()).isEqualTo(COMMIT);
  }

  private static byte[] index(String... shards) {
    String map =
        String.join(
            ",",
            Stream.of(shards).map(shard -> "\"%s.w\": \"%s\"".formatted(shard, shard)).toList());
    return "{\"weight_map\": {%s}}".formatted(map).getBytes(StandardCharsets.UTF_8);
  }
}
