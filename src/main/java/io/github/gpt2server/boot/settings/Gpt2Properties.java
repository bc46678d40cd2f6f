package io.github.gpt2server.boot.settings;

import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.hub.ModelHub;
import io.github.gpt2server.hub.http.HomeFolder;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.web.ratelimit.RateLimitOptions;
import io.github.gpt2server.web.security.ApiKey;
import io.github.gpt2server.web.tomcat.TrustedProxies;
import java.net.URI;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.unit.DataSize;

/**
 * The settings under {@code gpt2.*}, typed and checked. Read where the parts are wired together and
 * nowhere deeper. A name that is not here is refused by {@link SettingNameCheck}. IDEs show the
 * descriptions below, which the configuration processor takes from here.
 *
 * @param model {@code embedded}, a folder in Hugging Face layout, or a hub's id
 * @param revision the hub's branch, tag or commit
 * @param hub where models are fetched from and cached; what is not set is left to the environment
 * @param aliases other names under which clients may ask for the model
 * @param device where the model runs: auto, cpu, cuda or cuda:N
 * @param dtype the type of the weights in memory: auto, float32, bfloat16, float16 or int8
 * @param kernels the operators that compute on a CPU: auto, avx512, avx2, neon, generic or libtorch
 * @param threads the number of threads of a step; 0 lets the server choose
 * @param maxSequences the number of sequences that run at once; each has a KV-cache slot
 * @param prefixCacheTokens the number of prompt tokens that the prefix cache retains; 0 turns it
 *     off, -1 takes a quarter of the KV cache's size
 * @param speculation how draft tokens are proposed on a CPU, so that one step can compute several
 *     tokens; a GPU uses none
 * @param draftModel a smaller model that proposes draft tokens too, named as gpt2.model is
 * @param maxQueue the number of requests that may wait
 * @param requestTimeout the longest time that a request may take, waiting included; seconds if no
 *     unit is given
 * @param maxUnread the memory that the tokens which a streaming client has not read yet may take
 * @param maxLogprobs the number of log-probabilities that a position may report; 0 stands for the
 *     whole vocabulary
 * @param maxInspectValues the number of values that the answer of one inspection may hold
 * @param defaultMaxTokens the number of tokens that are generated where a request does not say
 * @param clampMaxTokens whether a max_tokens that does not fit ends at the context's end instead of
 *     being refused
 * @param chatTemplate the template of chats: none for the model's own, plain, or the path of a file
 * @param trustRequestChatTemplate whether a request may bring a chat template of its own
 * @param strictFields whether unknown fields of a request are refused
 * @param apiKeys the keys of clients; without any, and without a file, everyone may call
 * @param apiKeysFile a file with more keys, one a line; read again when it changes
 * @param limits limits of the requests of each API key
 * @param sharePrefixCache whether requests of different keys share the prefix cache
 * @param trustedProxies addresses and ranges of the proxies whose X-Forwarded-* headers are
 *     believed
 * @param corsOrigins web origins that may call from a browser; * stands for all
 * @param accessLog whether each request is logged when it is over
 * @param logPrompts whether access log and traces show prompts
 * @param shutdownGrace the longest time that running requests may go on after SIGTERM; seconds if
 *     no unit is given
 */
@ConfigurationProperties("gpt2")
public record Gpt2Properties(
    @DefaultValue("embedded") String model,
    @DefaultValue("main") String revision,
    @NestedConfigurationProperty @DefaultValue HubOptions hub,
    @DefaultValue List<String> aliases,
    @DefaultValue("auto") Device device,
    @DefaultValue("auto") Dtype dtype,
    @DefaultValue("auto") KernelChoice kernels,
    @DefaultValue("0") int threads,
    @DefaultValue("32") int maxSequences,
    @DefaultValue("-1") int prefixCacheTokens,
    @DefaultValue("ngram") Speculation speculation,
    String draftModel,
    @DefaultValue("256") int maxQueue,
    @DefaultValue("5m") @DurationUnit(ChronoUnit.SECONDS) Duration requestTimeout,
    @DefaultValue("4MB") DataSize maxUnread,
    @DefaultValue("0") int maxLogprobs,
    @DefaultValue("5000000") int maxInspectValues,
    @DefaultValue("16") int defaultMaxTokens,
    @DefaultValue("false") boolean clampMaxTokens,
    @DefaultValue("none") String chatTemplate,
    @DefaultValue("false") boolean trustRequestChatTemplate,
    @DefaultValue("false") boolean strictFields,
    @DefaultValue List<ApiKey> apiKeys,
    String apiKeysFile,
    @NestedConfigurationProperty @DefaultValue RateLimitOptions limits,
    @DefaultValue("false") boolean sharePrefixCache,
    @DefaultValue List<String> trustedProxies,
    @DefaultValue List<String> corsOrigins,
    @DefaultValue("false") boolean accessLog,
    @DefaultValue("false") boolean logPrompts,
    @DefaultValue("30s") @DurationUnit(ChronoUnit.SECONDS) Duration shutdownGrace) {

  /** More than any machine has processors; libtorch would create them all and never start. */
  private static final int MAX_THREADS = 1024;

  private static final String MODELS =
      "embedded, the path of a folder with a model, or a hub's id such as ";

  /**
   * Checks every value, and writes a path that begins with {@code ~} out.
   *
   * @throws InvalidSettingException for the first that is not allowed
   */
  public Gpt2Properties {
    requireText("gpt2.model", model, MODELS + "openai-community/gpt2");
    model = HomeFolder.expand(model);
    requireRevision(revision);
    requireHub(hub);
    aliases = List.copyOf(aliases);
    aliases.forEach(alias -> requireText("gpt2.aliases", alias, "names that are not blank"));
    requireAtLeast("gpt2.threads", threads, 0, " (0 lets the server choose)");
    requireAtMost("gpt2.threads", threads, MAX_THREADS);
    requireAtLeast("gpt2.max-sequences", maxSequences, 1, "");
    requireAtLeast(
        "gpt2.prefix-cache-tokens",
        prefixCacheTokens,
        -1,
        " (0 turns it off, -1 takes a quarter of the KV cache's size)");
    requireDraftModel(draftModel, speculation);
    draftModel = draftModel == null ? null : HomeFolder.expand(draftModel);
    requireAtLeast("gpt2.max-queue", maxQueue, 1, "");
    requirePositive("gpt2.request-timeout", requestTimeout);
    if (maxUnread.toBytes() < 1) {
      throw new InvalidSettingException(
          "gpt2.max-unread", maxUnread.toString(), "a size of at least 1B, such as 4MB");
    }
    requireAtLeast("gpt2.max-logprobs", maxLogprobs, 0, " (0 stands for the whole vocabulary)");
    requireAtLeast("gpt2.max-inspect-values", maxInspectValues, 1, "");
    requireAtLeast("gpt2.default-max-tokens", defaultMaxTokens, 1, "");
    requireText("gpt2.chat-template", chatTemplate, "none, plain or the path of a chat template");
    chatTemplate = HomeFolder.expand(chatTemplate);
    apiKeys = List.copyOf(apiKeys);
    apiKeys.forEach(Gpt2Properties::requireKey);
    requireOneNameEach(apiKeys);
    if (apiKeysFile != null) {
      requireText("gpt2.api-keys-file", apiKeysFile, "the path of a file with one key per line");
      apiKeysFile = HomeFolder.expand(apiKeysFile);
    }
    LimitsCheck.check(limits, apiKeys, apiKeysFile != null);
    trustedProxies = List.copyOf(trustedProxies);
    trustedProxies.forEach(Gpt2Properties::requireProxy);
    corsOrigins = List.copyOf(corsOrigins);
    corsOrigins.forEach(Gpt2Properties::requireOrigin);
    requirePositive("gpt2.shutdown-grace", shutdownGrace);
  }

  private static void requireRevision(String revision) {
    if (!ModelHub.isRevision(revision)) {
      throw new InvalidSettingException(
          "gpt2.revision", revision, "a branch, tag or commit of the hub, such as main");
    }
  }

  private static void requireHub(HubOptions hub) {
    if (hub.endpoint() != null && !HubOptions.isEndpoint(hub.endpoint())) {
      throw new InvalidSettingException(
          "gpt2.hub.endpoint", hub.endpoint(), "the address of a hub, such as https://hub.example");
    }
    if (hub.token() != null && !HubOptions.isToken(hub.token().strip())) {
      throw new InvalidSettingException(
          "gpt2.hub.token", "(not shown)", "one word of visible ASCII characters");
    }
    if (hub.cache() != null) {
      requireText("gpt2.hub.cache", hub.cache(), "the path of a folder");
    }
  }

  private static void requireDraftModel(String draftModel, Speculation speculation) {
    if (draftModel != null) {
      requireText("gpt2.draft-model", draftModel, MODELS + "distilbert/distilgpt2");
      if (speculation == Speculation.OFF) {
        throw new InvalidSettingException(
            "gpt2.draft-model",
            draftModel,
            "it without gpt2.speculation=off, which turns all draft tokens off");
      }
    }
  }

  private static void requireText(String property, String value, String allowed) {
    if (value.isBlank()) {
      throw new InvalidSettingException(property, value, allowed);
    }
  }

  private static void requireAtLeast(String property, int value, int least, String meaning) {
    if (value < least) {
      throw new InvalidSettingException(
          property, String.valueOf(value), "a whole number of at least " + least + meaning);
    }
  }

  private static void requireAtMost(String property, int value, int most) {
    if (value > most) {
      throw new InvalidSettingException(
          property, String.valueOf(value), "a whole number up to " + most);
    }
  }

  private static void requirePositive(String property, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new InvalidSettingException(
          property,
          DurationStyle.SIMPLE.print(value, ChronoUnit.SECONDS),
          "a duration longer than zero, such as 30s or 5m");
    }
  }

  private static void requireKey(ApiKey key) {
    if (!key.isUsable()) {
      throw new InvalidSettingException("gpt2.api-keys", "(not shown)", "keys of " + ApiKey.RULE);
    }
  }

  private static void requireOneNameEach(List<ApiKey> keys) {
    ApiKey.ambiguity(keys)
        .ifPresent(
            ambiguity -> {
              throw InvalidSettingException.of(
                  "gpt2.api-keys has one secret under two names: "
                      + ambiguity
                      + ". Remove one of them, or give each a secret of its own.");
            });
  }

  private static void requireProxy(String proxy) {
    if (!TrustedProxies.isAddressOrRange(proxy)) {
      throw new InvalidSettingException(
          "gpt2.trusted-proxies",
          proxy,
          "IP addresses and ranges, such as 10.0.0.7, 10.1.0.0/16 or 2001:db8::/32");
    }
  }

  private static void requireOrigin(String origin) {
    if (!origin.equals("*") && !isOrigin(origin)) {
      throw new InvalidSettingException(
          "gpt2.cors-origins",
          origin,
          "* or origins such as https://example.org or http://host:3000");
    }
  }

  private static boolean isOrigin(String text) {
    try {
      URI uri = URI.create(text);
      return uri.getHost() != null && text.equals(uri.getScheme() + "://" + uri.getAuthority());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
