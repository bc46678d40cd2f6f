package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.hub.http.HubToken;
import io.github.gpt2server.hub.http.HubUnreachableException;
import io.github.gpt2server.hub.http.ProxyVariables;
import io.github.gpt2server.testing.LookAlikeHub;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
  private static final HubOptions NONE = new HubOptions(null, null, null, null);
  private static final Path HOME = Path.of(System.getProperty("user.home"));

  @TempDir private Path folder;

  @Test
  void hasTheDefaultsOfPython() {
    HubSettings settings = HubSettings.of(NONE, Map.of("HF_TOKEN_PATH", "/no/such/file"));

    assertThat(settings.endpoint()).isEqualTo(URI.create("https://huggingface.co"));
    assertThat(settings.cache()).isEqualTo(HOME.resolve(".cache/huggingface/hub"));
    assertThat(settings.token()).isNull();
    assertThat(settings.offline()).isFalse();
    assertThat(settings.patience()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void readsTheVariablesOfPython() {
    HubSettings settings =
        HubSettings.of(
            NONE,
            Map.of(
                "HF_ENDPOINT", "http://mirror:8080/hf/",
                "HF_TOKEN", " hf_a\n",
                "HF_HUB_CACHE", "~/models",
                "HF_HUB_OFFLINE", "yes",
                "HF_HUB_DOWNLOAD_TIMEOUT", "7"));

    assertThat(settings.endpoint()).isEqualTo(URI.create("http://mirror:8080/hf"));
    assertThat(settings.token()).isEqualTo(new HubToken("hf_a", "HF_TOKEN"));
    assertThat(settings.cache()).isEqualTo(HOME.resolve("models"));
    assertThat(settings.offline()).isTrue();
    assertThat(settings.patience()).isEqualTo(Duration.ofSeconds(7));
    assertThat(settings.toString()).doesNotContain("hf_a");
  }

  @Test
  void settingsWinOverVariables() {
    HubSettings settings =
        HubSettings.of(
            new HubOptions("https://own.example", "hf_own", folder.toString(), false),
            Map.of(
                "HF_ENDPOINT", "http://mirror",
                "HF_TOKEN", "hf_a",
                "HF_HUB_CACHE", "/other",
                "HF_HUB_OFFLINE", "1"));

    assertThat(settings.endpoint()).isEqualTo(URI.create("https://own.example"));
    assertThat(settings.token()).isEqualTo(new HubToken("hf_own", "gpt2.hub.token"));
    assertThat(settings.cache()).isEqualTo(folder);
    assertThat(settings.offline()).isFalse();
  }

  @Test
  void findsTheCacheAndTheTokenFile() throws Exception {
    assertThat(HubSettings.of(NONE, Map.of("HF_HOME", "/hf")).cache())
        .isEqualTo(Path.of("/hf/hub"));
    assertThat(HubSettings.of(NONE, Map.of("XDG_CACHE_HOME", "/xdg")).cache())
        .isEqualTo(Path.of("/xdg/huggingface/hub"));
    assertThat(HubSettings.of(NONE, Map.of("HUGGINGFACE_HUB_CACHE", "/old")).cache())
        .isEqualTo(Path.of("/old"));

    Path file = folder.resolve("token");
    Files.writeString(file, "\ufeffhf_file\n");
    HubToken token = new HubToken("hf_file", file.toString());
    assertThat(HubSettings.of(NONE, Map.of("HF_HOME", folder.toString())).token()).isEqualTo(token);
    assertThat(HubSettings.of(NONE, Map.of("HF_TOKEN_PATH", file.toString())).token())
        .isEqualTo(token);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HF_ENDPOINT             | hub.example | HF_ENDPOINT=hub.example is not allowed: use the address of a hub, such as https://huggingface.co.
          HF_HUB_DOWNLOAD_TIMEOUT | 0           | HF_HUB_DOWNLOAD_TIMEOUT=0 is not allowed: use a whole number of seconds, at least 1.
          HF_TOKEN                | hf a        | The token of HF_TOKEN cannot be sent: a token is one word of visible ASCII characters.
          """)
  void refusesVariablesThatMakeNoSense(String name, String value, String sentence) {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> HubSettings.of(NONE, Map.of(name, value)))
        .withMessage(sentence);
  }

  @ParameterizedTest
  @CsvSource({
    "https://hub.example/x, secure:3128",
    "http://hub.example/x, plain:80",
    "https://internal.example/x, ''",
    "https://a.corp.example/x, ''",
    "https://corp.example/x, ''",
    "https://notcorp.example/x, secure:3128",
    "http://ported.example:8080/x, ''",
    "http://ported.example/x, plain:80"
  })
  void choosesTheProxy(URI uri, String proxy) {
    ProxyVariables proxies =
        new ProxyVariables(
            Map.of(
                "https_proxy", "http://me:pass@secure:3128",
                "HTTP_PROXY", "plain",
                "NO_PROXY", "internal.example, .corp.example,ported.example:8080"));

    assertThat(proxies.name(uri).orElse("")).isEqualTo(proxy);
    Proxy selected = proxies.select(uri).get(0);
    assertThat(
            selected.address() instanceof InetSocketAddress to
                ? to.getHostString() + ":" + to.getPort()
                : "")
        .isEqualTo(proxy);
    assertThat(proxies.authorization(uri).orElse(""))
        .isEqualTo(proxy.startsWith("secure") ? "Basic bWU6cGFzcw==" : "");
  }

  @ParameterizedTest
  @CsvSource({
    "ALL_PROXY, socks5://me:secret@a:1, 'a SOCKS proxy, but only HTTP proxies are supported'",
    "https_proxy, SOCKS5H://a:1, 'a SOCKS proxy, but only HTTP proxies are supported'",
    "HTTPS_PROXY, ftp://me:secret@a, no usable proxy",
    "HTTPS_PROXY, http://a b, no usable proxy"
  })
  void saysAtARequestWhatIsNoProxy(String variable, String value, String problem) {
    ProxyVariables proxies = new ProxyVariables(Map.of(variable, value));

    assertThatExceptionOfType(HubUnreachableException.class)
        .isThrownBy(() -> proxies.authorization(URI.create("https://hub.example/x")))
        .withMessage(
            "%s names %s: use http://host:port or http://user:password@host:port, or set"
                    .formatted(variable.toUpperCase(Locale.ROOT), problem)
                + " gpt2.hub.offline=true to serve what is in the cache.");
  }

  @Test
  void takesWhatTheCacheHasWhereTheProxyCannotBeUsed() throws Exception {
    try (HubFixture fixture = new HubFixture(folder.resolve("cache"))) {
      fixture.server.addSmall(HubFixture.MODEL, 1_000);
      fixture.fetch();
      int asked = fixture.server.requests().size();
      fixture.with("ALL_PROXY", "socks5://127.0.0.1:1080");

      assertThat(fixture.fetch().commit()).isEqualTo(LookAlikeHub.COMMIT);

      assertThat(fixture.server.requests()).hasSize(asked);
    }
  }

  @Test
  void goesThroughTheProxyAndSendsItsPasswordToNobodyElse() throws Exception {
    try (HubFixture fixture = new HubFixture(folder.resolve("cache"))) {
      // The look-alike answers requests for other hosts too, as a proxy does.
      fixture.server.addSmall(HubFixture.MODEL, 1_000);
      fixture
          .with("HF_ENDPOINT", "http://hub.example")
          .with("HTTP_PROXY", "http://me:pass@localhost:" + fixture.server.port())
          .with("NO_PROXY", "127.0.0.1");

      assertThat(fixture.fetch().commit()).isEqualTo(LookAlikeHub.COMMIT);

      assertThat(fixture.server.requests())
          .extracting(LookAlikeHub.Request::proxyAuthorization)
          .contains("Basic bWU6cGFzcw==");
      assertThat(fixture.server.requests())
          .allSatisfy(
              request -> assertThat(request.proxyAuthorization() == null).isEqualTo(request.cdn()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "openai-community/gpt2", "a/b.c-d_e", "1/2"})
  void knowsIds(String text) {
    assertThat(ModelHub.isModelId(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a/b/c", "/a", "a/", "a--b", "a..b", "../a", "a.git", "-a", "a b", "é"})
  void knowsWhatIsNoId(String text) {
    assertThat(ModelHub.isModelId(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"main", "v1.0", "refs/pr/1", "607a30d783dfa663caf39e06633721c8d4cfcd7e"})
  void knowsRevisions(String text) {
    assertThat(ModelHub.isRevision(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../x", "a/../b", "/a", "a/", "a//b", "a b", "a\nb"})
  void knowsWhatIsNoRevision(String text) {
    assertThat(ModelHub.isRevision(text)).isFalse();
  }
}
