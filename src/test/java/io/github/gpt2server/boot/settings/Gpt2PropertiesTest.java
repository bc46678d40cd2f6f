package io.github.gpt2server.boot.settings;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.web.ratelimit.RateLimitOptions;
import io.github.gpt2server.web.ratelimit.RateLimitOptions.KeyOptions;
import io.github.gpt2server.web.security.ApiKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.util.unit.DataSize;

class Gpt2PropertiesTest {

  @Test
  void hasDefaults() {
    assertThat(bind(new MapPropertySource("given", Map.of())))
        .isEqualTo(
            new Gpt2Properties(
                "embedded",
                "main",
                new HubOptions(null, null, null, null),
                List.of(),
                new Device(Device.Kind.AUTO, 0),
                Dtype.AUTO,
                KernelChoice.AUTO,
                0,
                32,
                -1,
                Speculation.NGRAM,
                null,
                256,
                Duration.ofMinutes(5),
                DataSize.ofMegabytes(4),
                0,
                5_000_000,
                16,
                false,
                "none",
                false,
                false,
                List.of(),
                null,
                new RateLimitOptions(0, 0, 0, Map.of()),
                false,
                List.of(),
                List.of(),
                false,
                false,
                Duration.ofSeconds(30)));
  }

  @Test
  void readsOptions() {
    Gpt2Properties properties =
        bind(
            new MapPropertySource(
                "given",
                Map.of(
                    "gpt2.device", "cuda:1",
                    "gpt2.dtype", "bfloat16",
                    "gpt2.kernels", "avx2",
                    // As a YAML file says "off" without quotes.
                    "gpt2.speculation", false,
                    "gpt2.request-timeout", "90",
                    "gpt2.cors-origins", "https://a.example,http://b:3000")));

    assertThat(properties.device())
        .isEqualTo(new Device(Device.Kind.CUDA, 1))
        .hasToString("cuda:1");
    assertThat(properties.dtype()).isEqualTo(Dtype.BFLOAT16).hasToString("bfloat16");
    assertThat(properties.kernels()).isEqualTo(KernelChoice.AVX2).hasToString("avx2");
    assertThat(properties.speculation()).isEqualTo(Speculation.OFF);
    assertThat(properties.requestTimeout()).isEqualTo(Duration.ofSeconds(90));
    assertThat(properties.corsOrigins()).containsExactly("https://a.example", "http://b:3000");
  }

  @Test
  void writesOutTheHomeFolderInPaths() {
    String home = System.getProperty("user.home");
    Gpt2Properties properties =
        bind(
            new MapPropertySource(
                "given",
                Map.of(
                    "gpt2.model", "~/models/gpt2",
                    "gpt2.draft-model", "~/models/small",
                    "gpt2.api-keys-file", "~/keys",
                    "gpt2.chat-template", "~/chat.jinja",
                    "gpt2.hub.cache", "~/cache")));

    assertThat(properties.model()).isEqualTo(home + "/models/gpt2");
    assertThat(properties.draftModel()).isEqualTo(home + "/models/small");
    assertThat(properties.apiKeysFile()).isEqualTo(home + "/keys");
    assertThat(properties.chatTemplate()).isEqualTo(home + "/chat.jinja");
    assertThat(HubSettings.of(properties.hub(), Map.of()).cache())
        .isEqualTo(Path.of(home, "cache"));
    assertThat(bind(new MapPropertySource("given", Map.of("gpt2.model", "~other/gpt2"))).model())
        .isEqualTo("~other/gpt2");
  }

  @Test
  void readsEnvironmentVariables() {
    Gpt2Properties properties =
        bind(
            new SystemEnvironmentPropertySource(
                "systemEnvironment",
                Map.ofEntries(
                    entry("GPT2_MODEL", "/models/gpt2"),
                    entry("GPT2_MAX_SEQUENCES", "7"),
                    entry("GPT2_DEFAULT_MAX_TOKENS", "64"),
                    entry("GPT2_CLAMP_MAX_TOKENS", "true"),
                    entry("GPT2_CHAT_TEMPLATE", "plain"),
                    entry("GPT2_TRUST_REQUEST_CHAT_TEMPLATE", "true"),
                    entry("GPT2_SPECULATION", "off"),
                    entry("GPT2_API_KEYS", "one,two"),
                    entry("GPT2_API_KEYS_FILE", "/keys"),
                    entry("GPT2_ALIASES_0", "gpt2"),
                    entry("GPT2_DEVICE", "cuda"),
                    entry("GPT2_SHUTDOWN_GRACE", "2m"),
                    entry("GPT2_HUB_ENDPOINT", "https://hub.example"),
                    entry("GPT2_HUB_TOKEN", "hf_secret"),
                    entry("GPT2_HUB_OFFLINE", "true"))));

    assertThat(properties.model()).isEqualTo("/models/gpt2");
    assertThat(properties.maxSequences()).isEqualTo(7);
    assertThat(properties.defaultMaxTokens()).isEqualTo(64);
    assertThat(properties.clampMaxTokens()).isTrue();
    assertThat(properties.chatTemplate()).isEqualTo("plain");
    assertThat(properties.trustRequestChatTemplate()).isTrue();
    assertThat(properties.speculation()).isEqualTo(Speculation.OFF).hasToString("off");
    assertThat(properties.apiKeys()).containsExactly(ApiKey.of("one"), ApiKey.of("two"));
    assertThat(properties.apiKeysFile()).isEqualTo("/keys");
    assertThat(properties.aliases()).containsExactly("gpt2");
    assertThat(properties.device()).isEqualTo(new Device(Device.Kind.CUDA, 0));
    assertThat(properties.shutdownGrace()).isEqualTo(Duration.ofMinutes(2));
    assertThat(properties.hub())
        .isEqualTo(new HubOptions("https://hub.example", "hf_secret", null, true));
    assertThat(properties.toString()).doesNotContain("hf_secret", "one", "two");
  }

  @Test
  void readsNamedKeysAndTheirLimits() {
    Gpt2Properties options =
        bind(
            new MapPropertySource(
                "given",
                Map.of(
                    "gpt2.api-keys", "team-a one, bob two,three",
                    "gpt2.limits.requests-per-minute", "60",
                    "gpt2.limits.keys.team-a.tokens-per-minute", "5000",
                    "gpt2.limits.keys.bob.requests-per-minute", "0")));
    Gpt2Properties variables =
        bind(
            new SystemEnvironmentPropertySource(
                "systemEnvironment",
                Map.of(
                    "GPT2_API_KEYS", "bob two",
                    "GPT2_LIMITS_REQUESTS_PER_MINUTE", "60",
                    "GPT2_LIMITS_KEYS_BOB_CONCURRENT_REQUESTS", "2")));

    assertThat(options.apiKeys().stream().map(ApiKey::name))
        .containsExactly("team-a", "bob", "unnamed");
    assertThat(options.apiKeys())
        .containsExactly(ApiKey.of("one"), ApiKey.of("two"), ApiKey.of("three"));
    assertThat(options.limits())
        .isEqualTo(
            new RateLimitOptions(
                60,
                0,
                0,
                Map.of(
                    "team-a", new KeyOptions(null, 5_000, null),
                    "bob", new KeyOptions(0, null, null))));
    assertThat(variables.limits())
        .isEqualTo(new RateLimitOptions(60, 0, 0, Map.of("bob", new KeyOptions(null, null, 2))));
  }

  @Test
  void aSecretHasOneName() {
    assertThat(keys("al one,al one,al two,three,three")).hasSize(5);
    assertThatThrownBy(() -> keys("al one,bob two,carol one"))
        .hasRootCauseMessage(
            "gpt2.api-keys has one secret under two names: 'al' and 'carol' are the same key. Remove"
                + " one of them, or give each a secret of its own.");
    assertThatThrownBy(() -> keys("sesame,al sesame"))
        .rootCause()
        .hasMessageContaining(": one without a name and 'al' are the same key.")
        .hasMessageNotContaining("sesame");
  }

  private static List<ApiKey> keys(String setting) {
    return bind(new MapPropertySource("given", Map.of("gpt2.api-keys", setting))).apiKeys();
  }

  private static Gpt2Properties bind(PropertySource<?> source) {
    return new Binder(
            ConfigurationPropertySources.from(source),
            null,
            ApplicationConversionService.getSharedInstance())
        .bindOrCreate("gpt2", Bindable.of(Gpt2Properties.class));
  }
}
