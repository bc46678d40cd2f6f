package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.hub.LookAlikeHub.Repository;
import io.github.gpt2server.hub.LookAlikeHub.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is fetched from a hub that works, and how it lies in the cache. */
class FetchTest {
  private static final String COMMIT = LookAlikeHub.COMMIT;
  private static final String OTHER = "11c5a3d5811f50298f278a704980280950aedb10";

  @TempDir private Path folder;

  private HubFixture fixture;
  private Repository repository;

  @BeforeEach
  void start() {
    fixture = new HubFixture(folder.resolve("cache"));
    repository = fixture.server.addSmall(HubFixture.MODEL, 300_000);
  }

  @AfterEach
  void stop() {
    assertThat(fixture.server.requests())
        .filteredOn(Request::cdn)
        .allSatisfy(request -> assertThat(request.authorization()).isNull());
    fixture.close();
  }

  @Test
  void fetchesWhatIsNeededIntoTheLayoutOfHuggingFace() throws Exception {
    final Snapshot snapshot = fixture.fetch();

    assertThat(snapshot.commit()).isEqualTo(COMMIT);
    assertThat(snapshot.folder()).isEqualTo(fixture.root().resolve("snapshots/" + COMMIT));
    assertThat(files(snapshot.folder()))
        .containsExactly("config.json", "model.safetensors", "tokenizer.json");
    for (final String file : files(snapshot.folder())) {
      final Path link = snapshot.folder().resolve(file);
      assertThat(link).hasBinaryContent(repository.content(file)).isSymbolicLink();
      assertThat(Files.readSymbolicLink(link))
          .isEqualTo(
              Path.of("../../blobs").resolve(LookAlikeHub.etag(file, repository.content(file))));
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

    final long total =
        Stream.of("config.json", "model.safetensors", "tokenizer.json")
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
  void downloadsNothingTwice() throws Exception {
    fixture.fetch();
    fixture.server.forget();
    fixture.progress.clear();

    fixture.fetch();

    assertThat(fixture.server.requests())
        .extracting(Request::path)
        .containsExactly("/api/models/org/small/revision/main");
    assertThat(fixture.progress).isEmpty();
  }

  @Test
  void asksNothingForACommitThatIsThere() throws Exception {
    fixture.fetch(HubFixture.MODEL, COMMIT);
    assertThat(fixture.root().resolve("refs")).doesNotExist();
    fixture.server.forget();

    fixture.fetch(HubFixture.MODEL, COMMIT);

    assertThat(fixture.server.requests()).isEmpty();
  }

  @Test
  void followsABranchThatMovedAndTakesOverWhatIsTheSame() throws Exception {
    fixture.fetch();
    repository
        .branch("main", OTHER)
        .put("config.json", "{\"n\": 1}".getBytes(StandardCharsets.UTF_8));
    fixture.server.forget();

    final Snapshot snapshot = fixture.fetch();

    assertThat(snapshot.commit()).isEqualTo(OTHER);
    assertThat(snapshot.folder().resolve("config.json")).hasContent("{\"n\": 1}");
    assertThat(snapshot.folder().resolve("model.safetensors"))
        .hasBinaryContent(repository.content("model.safetensors"));
    assertThat(fixture.server.count("GET", "model.safetensors")).isZero();
    assertThat(fixture.root().resolve("refs/main")).hasContent(OTHER);
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
                List.of(OTHER),
                Map.of(revision, OTHER),
                300_000 + 22 + 18 + OTHER.length()));
  }

  @Test
  void followsAnOldName() throws Exception {
    fixture.server.addSmall("openai-community/gpt2", 1_000);
    fixture.server.rename("gpt2", "openai-community/gpt2");

    final Snapshot snapshot = fixture.fetch("gpt2", "main");

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
            "model.safetensors.index.json of org/small names a shard that is no file name"
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
    final Path home = Files.createDirectories(fixture.cache.resolveSibling("home"));
    Files.writeString(home.resolve("token"), "hf_file\n");

    assertThat(fixture.fetch().commit()).isEqualTo(COMMIT);
  }

  @Test
  void resumesWhatAnotherStartHasLeft() throws Exception {
    final byte[] weights = repository.content("model.safetensors");
    fixture.leave(repository, "model.safetensors", java.util.Arrays.copyOf(weights, 200_000));

    final Snapshot snapshot = fixture.fetch();

    assertThat(snapshot.folder().resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(fixture.server.requests())
        .filteredOn(request -> request.cdn())
        .extracting(Request::range)
        .containsExactly("bytes=200000-");
    assertThat(fixture.progress.get(0).received()).isGreaterThanOrEqualTo(200_000);
    assertThat(fixture.incomplete(repository, "model.safetensors")).doesNotExist();
  }

  @Test
  void takesOverAContentThatIsWholeButHasNoNameYet() throws Exception {
    fixture.leave(repository, "model.safetensors", repository.content("model.safetensors"));

    fixture.fetch();

    assertThat(fixture.server.count("GET", "model.safetensors")).isZero();
    assertThat(fixture.blob(repository, "model.safetensors"))
        .hasBinaryContent(repository.content("model.safetensors"));
  }

  @Test
  void putsFilesWhereLinksCannotBeMade() throws Exception {
    final HubSettings settings =
        HubSettings.of(new HubOptions(null, null, null, null), fixture.variables);
    final HubCache withoutLinks =
        new HubCache(
            settings.cache(),
            (link, target) -> {
              throw new UnsupportedOperationException("no links here");
            });

    final Snapshot snapshot =
        new ModelHub(settings, fixture.policy(), withoutLinks)
            .fetch(HubFixture.MODEL, "main", progress -> {});

    assertThat(snapshot.folder().resolve("model.safetensors"))
        .hasBinaryContent(repository.content("model.safetensors"))
        .matches(file -> !Files.isSymbolicLink(file));
    assertThat(files(fixture.root().resolve("blobs"))).isEmpty();
    fixture.server.forget();
    fixture.fetch();
    assertThat(fixture.server.count("GET", "/resolve/")).isZero();
  }

  @Test
  void servesTheCacheOffline() throws Exception {
    fixture.fetch();
    fixture.server.forget();

    assertThat(fixture.with("HF_HUB_OFFLINE", "1").fetch().commit()).isEqualTo(COMMIT);

    assertThat(fixture.server.requests()).isEmpty();
  }

  @Test
  void saysOfflineWhatTheCacheLacks() throws Exception {
    fixture.with("HF_HUB_OFFLINE", "1");
    final String mend =
        ": start once with gpt2.hub.offline=false, or copy the model into the cache.";

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch())
        .withMessage(
            "gpt2.hub.offline is on and the cache %s does not hold org/small at revision main%s",
            fixture.cache, mend);

    fixture.with("HF_HUB_OFFLINE", "0").fetch();
    Files.delete(fixture.root().resolve("snapshots/" + COMMIT + "/tokenizer.json"));
    fixture.with("HF_HUB_OFFLINE", "1");
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch())
        .withMessage(
            "gpt2.hub.offline is on and the cache %s holds org/small without tokenizer.json%s",
            fixture.cache, mend);
  }

  @Test
  void listsWhatTheCacheHolds() throws Exception {
    assertThat(fixture.hub().cached()).isEmpty();
    fixture.fetch();
    fixture.leave(repository, "tf_model.h5", new byte[10]);

    assertThat(fixture.hub().cached())
        .containsExactly(
            new CachedModel(
                "org/small", List.of(COMMIT), Map.of("main", COMMIT), 300_000 + 22 + 18 + 40 + 10));
  }

  private static byte[] index(String... shards) {
    final String map =
        String.join(
            ",",
            Stream.of(shards).map(shard -> "\"%s.w\": \"%s\"".formatted(shard, shard)).toList());
    return "{\"weight_map\": {%s}}".formatted(map).getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
