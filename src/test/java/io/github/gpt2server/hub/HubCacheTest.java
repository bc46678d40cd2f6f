package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.hub.cache.CachedModel;
import io.github.gpt2server.hub.cache.CachedModel.CachedSnapshot;
import io.github.gpt2server.hub.cache.HubCache;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.LookAlikeHub.Request;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cached files are found and not downloaded again. */
class HubCacheTest extends HubTest {
  private static final String COMMIT = LookAlikeHub.COMMIT;
  private static final String OTHER = "11c5a3d5811f50298f278a704980280950aedb10";

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

    Snapshot snapshot = fixture.fetch();

    assertThat(snapshot.commit()).isEqualTo(OTHER);
    assertThat(snapshot.folder().resolve("config.json")).hasContent("{\"n\": 1}");
    assertThat(snapshot.folder().resolve("model.safetensors"))
        .hasBinaryContent(repository.content("model.safetensors"));
    assertThat(fixture.server.count("GET", "model.safetensors")).isZero();
    assertThat(fixture.root().resolve("refs/main")).hasContent(OTHER);
  }

  @Test
  void resumesWhatAnotherStartHasLeft() throws Exception {
    byte[] weights = repository.content("model.safetensors");
    fixture.leave(repository, "model.safetensors", java.util.Arrays.copyOf(weights, 200_000));

    Snapshot snapshot = fixture.fetch();

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
    HubSettings settings =
        HubSettings.of(new HubOptions(null, null, null, null), fixture.variables);
    HubCache withoutLinks =
        new HubCache(
            settings.cache(),
            (link, target) -> {
              throw new UnsupportedOperationException("no links here");
            });

    Snapshot snapshot =
        new ModelHub(settings, fixture.policy(), withoutLinks, config -> {})
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
    String fix = ": start once with gpt2.hub.offline=false, or copy the model into the cache.";

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch())
        .withMessage(
            "gpt2.hub.offline is on and the cache %s does not hold org/small at revision main%s",
            fixture.cache, fix);

    fixture.with("HF_HUB_OFFLINE", "0").fetch();
    Files.delete(fixture.root().resolve("snapshots/" + COMMIT + "/tokenizer.json"));
    fixture.with("HF_HUB_OFFLINE", "1");
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> fixture.fetch())
        .withMessage(
            "gpt2.hub.offline is on and the cache %s holds org/small without tokenizer.json%s",
            fixture.cache, fix);
  }

  @Test
  void listsWhatTheCacheHolds() throws Exception {
    assertThat(fixture.hub().cached()).isEmpty();
    fixture.fetch();
    fixture.leave(repository, "tf_model.h5", new byte[10]);

    assertThat(fixture.hub().cached())
        .containsExactly(
            new CachedModel(
                "org/small",
                List.of(new CachedSnapshot(COMMIT, List.of("main"), null)),
                300_000 + 22 + 18 + 40 + 10));
  }
}
