package io.github.gpt2server.boot.settings;

import io.github.gpt2server.text.EditDistance;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Advice on the replacement of an option that does not exist. Knows the names that other servers of
 * language models have for a setting of this one: vLLM, llama.cpp, text-generation-inference.
 */
public final class OptionAdvice {
  private static final String CONTEXT =
      "the context's length is the model's own, n_positions of its config.json, and cannot be set";

  /**
   * The replacements by name without leading dashes: a setting or, with a space in it, an
   * explanation.
   */
  private static final Map<String, String> ELSEWHERE = new LinkedHashMap<>();

  static {
    names("gpt2.model", "model-id", "model-path", "model-name-or-path", "m", "hf", "hfr");
    names("gpt2.model", "hf-repo", "pretrained");
    names("gpt2.revision", "code-revision", "tokenizer-revision");
    names("gpt2.hub.token", "hf-token", "hft");
    names("gpt2.hub.cache", "download-dir", "cache-dir", "huggingface-hub-cache");
    names("gpt2.aliases", "served-model-name", "alias", "a");
    names("gpt2.device", "dev", "n-gpu-layers", "gpu-layers", "ngl");
    names("gpt2.dtype", "quantization", "quantize", "load-format", "q");
    names("gpt2.threads", "t", "threads-batch", "tb");
    names("gpt2.max-sequences", "max-num-seqs", "parallel", "np", "max-batch-size");
    names("gpt2.max-queue", "max-concurrent-requests");
    names("gpt2.prefix-cache-tokens", "enable-prefix-caching", "no-enable-prefix-caching");
    names("gpt2.draft-model", "speculative-model", "model-draft", "md");
    names("gpt2.speculation", "speculative-config", "speculate");
    names("gpt2.request-timeout", "timeout", "to");
    names("gpt2.api-keys", "api-key");
    names("gpt2.api-keys-file", "api-key-file");
    names("gpt2.cors-origins", "allowed-origins", "cors-allow-origin");
    names("gpt2.access-log", "enable-log-requests", "log-requests");
    names("server.port", "port", "p");
    names("server.address", "host", "hostname", "ip", "bind", "address");
    names("server.servlet.context-path", "root-path", "api-prefix", "context-path");
    names("server.ssl.certificate", "ssl-certfile", "ssl-cert-file");
    names("server.ssl.certificate-private-key", "ssl-keyfile", "ssl-key-file");
    names("management.server.port", "prometheus-port", "metrics-port");
    names(
        "management.opentelemetry.tracing.export.otlp.endpoint",
        "otlp-traces-endpoint",
        "otlp-endpoint");
    names("logging.level.root", "log-level", "uvicorn-log-level", "log-verbosity");
    names("logging.file.name", "log-file");
    names("spring.config.additional-location", "config", "config-file");
    names(CONTEXT, "max-model-len", "ctx-size", "c", "n-ctx", "max-total-tokens");
    names(CONTEXT, "max-input-tokens", "max-input-length", "max-length");
  }

  private OptionAdvice() {}

  private static void names(String setting, String... elsewhere) {
    Arrays.stream(elsewhere).forEach(name -> ELSEWHERE.put(name, setting));
  }

  /** The settings that it names. */
  static Set<String> settings() {
    return ELSEWHERE.values().stream()
        .filter(known -> !known.contains(" "))
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * A sentence on an option that does not exist, or empty if nothing is like it. The option's value
   * is not part of it: it may be a secret.
   */
  public static Optional<String> of(String option) {
    String name = option.replaceFirst("(?s)=.*", "");
    if (name.startsWith("-D")) {
      return Optional.of(name + " is an option of Java: write it before -jar.");
    }
    if (Arguments.isNameOfSetting(name)) {
      return Optional.of(
          "%s has no value: write %s=VALUE, with an equals sign.".formatted(name, name));
    }
    return instead(name.replaceFirst("^-+", "").toLowerCase(Locale.ROOT).replace('_', '-'))
        .map(
            known ->
                known.contains(" ")
                    ? "%s is not an option: %s.".formatted(name, known)
                    : "%s is not an option: did you mean --%s?".formatted(name, known));
  }

  private static Optional<String> instead(String name) {
    return Optional.ofNullable(ELSEWHERE.get(name))
        .or(() -> SettingNameCheck.nearest(name.replaceFirst("^gpt2[.-]", "")))
        .or(() -> ofNearGroup(name));
  }

  /** A setting whose first word is misspelt. */
  private static Optional<String> ofNearGroup(String name) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      return Optional.empty();
    }
    return Arguments.GROUPS.stream()
        .filter(group -> EditDistance.between(group, name.substring(0, dot)) <= 2)
        .sorted()
        .findFirst()
        .flatMap(
            group ->
                group.equals("gpt2")
                    ? SettingNameCheck.nearest(name.substring(dot + 1))
                    : Optional.of(group + name.substring(dot)));
  }
}
