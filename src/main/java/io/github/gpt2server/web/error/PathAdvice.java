package io.github.gpt2server.web.error;

import io.github.gpt2server.text.NearMiss;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What to do instead of asking for a path that is not served: clients show it as it is. */
final class PathAdvice {
  private static final String NO_CHAT =
      "this server continues text and does not chat: use POST /v1/completions with a prompt";

  /** Served paths without {@code /v1}, and their methods. */
  private static final Map<String, String> SERVED = new LinkedHashMap<>();

  /** Ends of paths that other servers have. */
  private static final Map<String, String> ELSEWHERE = new LinkedHashMap<>();

  static {
    for (String path :
        new String[] {
          "completions",
          "embeddings",
          "next-token",
          "score",
          "inspect",
          "most-similar",
          "tokenize",
          "detokenize"
        }) {
      SERVED.put(path, "POST");
    }
    SERVED.put("models", "GET");

    put(NO_CHAT, "/chat/completions", "/responses", "/messages", "/api/chat", "/chat", "/converse");
    put(
        "use POST /v1/completions with a prompt",
        "/api/generate",
        "/api/v1/generate",
        "/api/latest/generate",
        "/api/extra/generate/stream",
        "/completion",
        "/generate",
        "/generate_stream",
        "/infill");
    put("use POST /v1/embeddings", "/api/embed", "/api/embeddings", "/embedding", "/embed");
    put(
        "use GET /v1/models",
        "/api/tags",
        "/api/show",
        "/api/ps",
        "/api/version",
        "/api/v1/model",
        "/v1/internal/model/info",
        "/v1/internal/model/list",
        "/v1/model",
        "/get_model_info",
        "/info",
        "/props");
    put(
        "use POST /v1/tokenize, whose answer has their count",
        "/v1/token/encode",
        "/v1/internal/encode",
        "/v1/internal/token-count",
        "/api/extra/tokencount");
    put("use POST /v1/detokenize", "/v1/token/decode", "/v1/internal/decode");
    put("use POST /v1/next-token", "/v1/internal/logits");
    put("use POST /v1/score with a prompt and its continuations", "/rerank", "/classify");
  }

  private PathAdvice() {}

  /**
   * The sentence for a path that is not served.
   *
   * @param asked the method and the path
   */
  static String sentence(String asked) {
    String path = asked.substring(asked.indexOf(' ') + 1);
    return "There is nothing at " + asked + "; " + advice(path.toLowerCase(Locale.ROOT)) + ".";
  }

  private static String advice(String path) {
    for (Map.Entry<String, String> entry : ELSEWHERE.entrySet()) {
      if (path.endsWith(entry.getKey())) {
        return entry.getValue();
      }
    }
    String last = path.substring(path.lastIndexOf('/') + 1);
    if (SERVED.containsKey(last)) {
      return why(path) + "use " + SERVED.get(last) + " /v1/" + last;
    }
    String meant = NearMiss.nearest(last, SERVED.keySet());
    return meant == null
        ? "see /v3/api-docs for what there is"
        : "use " + SERVED.get(meant) + " /v1/" + meant + " if that is meant";
  }

  private static String why(String path) {
    if (path.contains("/v1/v1/")) {
      return "the client's base URL must not have /v1, which it adds itself: ";
    }
    return path.contains("/v1/") ? "" : "the client's base URL lacks /v1: ";
  }

  private static void put(String advice, String... ends) {
    for (String end : ends) {
      ELSEWHERE.put(end, advice);
    }
  }
}
