package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.io.input.BOMInputStream;

/**
 * The hub, its cache and how to reach it: from the settings, and where they are absent from the
 * environment variables and defaults of huggingface_hub, Hugging Face's Python library.
 *
 * @param endpoint the hub's address, without a slash at its end
 * @param token the secret for private and gated models, or null
 * @param cache the folder of the cache
 * @param offline whether requests to the hub are disabled
 * @param patience the longest silence of a connection
 * @param proxies selects the proxy of each request
 */
public record HubSettings(
    URI endpoint,
    HubToken token,
    Path cache,
    boolean offline,
    Duration patience,
    ProxyVariables proxies) {

  private static final String ENDPOINT = "https://huggingface.co";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  /**
   * Combines options and environment.
   *
   * @param variables the environment variables
   * @throws HubException if a variable has a value that is not allowed
   */
  public static HubSettings of(HubOptions options, Map<String, String> variables) {
    Path home = Path.of(System.getProperty("user.home"));
    Path hubHome = hubHome(variables, home);
    return new HubSettings(
        endpoint(options, variables),
        token(options, variables, hubHome),
        cache(options, variables, hubHome),
        options.offline() != null
            ? options.offline()
            : isTrue(first(variables, "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")),
        patience(variables),
        new ProxyVariables(variables));
  }

  private static URI endpoint(HubOptions options, Map<String, String> variables) {
    String given = options.endpoint() != null ? options.endpoint() : variables.get("HF_ENDPOINT");
    String text = isBlank(given) ? ENDPOINT : given.strip().replaceAll("/+$", "");
    if (!HubOptions.isEndpoint(text)) {
      throw new HubException(
          "HF_ENDPOINT=%s is not allowed: use the address of a hub, such as %s."
              .formatted(given, ENDPOINT));
    }
    return URI.create(text);
  }

  private static HubToken token(HubOptions options, Map<String, String> variables, Path hubHome) {
    if (!isBlank(options.token())) {
      return new HubToken(options.token().strip(), "gpt2.hub.token");
    }
    for (String name : new String[] {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
      if (!isBlank(variables.get(name))) {
        return checked(new HubToken(variables.get(name).strip(), name));
      }
    }
    String path = variables.get("HF_TOKEN_PATH");
    Path file = isBlank(path) ? hubHome.resolve("token") : path("HF_TOKEN_PATH", path.strip());
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try (InputStream in = BOMInputStream.builder().setPath(file).get()) {
      String token = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      return token.isEmpty() ? null : checked(new HubToken(token, file.toString()));
    } catch (IOException e) {
      throw new HubException(
          "The token file %s cannot be read (%s): make it readable for the server's user, or set"
                  .formatted(file, e.getClass().getSimpleName())
              + " HF_TOKEN.",
          e);
    }
  }

  private static HubToken checked(HubToken token) {
    if (!HubOptions.isToken(token.value())) {
      throw new HubException(
          "%s cannot be sent: a token is one word of visible ASCII characters."
              .formatted(token.toString().replaceFirst("^t", "T")));
    }
    return token;
  }

  private static Path cache(HubOptions options, Map<String, String> variables, Path hubHome) {
    if (!isBlank(options.cache())) {
      return path("gpt2.hub.cache", options.cache().strip());
    }
    String given = first(variables, "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE");
    return given == null ? hubHome.resolve("hub") : path("HF_HUB_CACHE", given);
  }

  private static Path hubHome(Map<String, String> variables, Path home) {
    String given = first(variables, "HF_HOME");
    if (given != null) {
      return path("HF_HOME", given);
    }
    String xdg = first(variables, "XDG_CACHE_HOME");
    Path caches = xdg == null ? home.resolve(".cache") : path("XDG_CACHE_HOME", xdg);
    return caches.resolve("huggingface");
  }

  private static Duration patience(Map<String, String> variables) {
    String given = variables.get("HF_HUB_DOWNLOAD_TIMEOUT");
    if (isBlank(given)) {
      return PATIENCE;
    }
    try {
      int seconds = Integer.parseInt(given.strip());
      if (seconds > 0) {
        return Duration.ofSeconds(seconds);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new HubException(
        "HF_HUB_DOWNLOAD_TIMEOUT=%s is not allowed: use a whole number of seconds, at least 1."
            .formatted(given));
  }

  private static Path path(String name, String text) {
    try {
      return Path.of(HomeFolder.expand(text)).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new HubException(
          "%s=%s is not a valid path: %s.".formatted(name, text, e.getReason()), e);
    }
  }

  /** The value of the first of these variables that is set, or null. */
  private static String first(Map<String, String> variables, String... names) {
    return Stream.of(names)
        .map(variables::get)
        .filter(value -> !isBlank(value))
        .map(String::strip)
        .findFirst()
        .orElse(null);
  }

  private static boolean isTrue(String text) {
    return text != null && TRUE.contains(text.toUpperCase(Locale.ROOT));
  }

  private static boolean isBlank(String text) {
    return text == null || text.isBlank();
  }
}
