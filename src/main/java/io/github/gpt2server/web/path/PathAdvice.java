package io.github.gpt2server.web.path;

import io.github.gpt2server.text.NearMiss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The advice for a path that is not served; clients show it to people as it is. */
public final class PathAdvice {
  private static final String CHAT = "use POST " + Paths.CHAT_COMPLETIONS;

  private static final String VERSION = "/v1/";

  /** Served paths without {@code /v1/}, and their methods. */
  private static final Map<String, String> SERVED = new LinkedHashMap<>();

  /** Ends of paths that other servers have. */
  private static final Map<String, String> ELSEWHERE = new LinkedHashMap<>();

  static {
    for (String path :
        List.of(
            Paths.COMPLETIONS,
            Paths.EMBEDDINGS,
            Paths.NEXT_TOKEN,
            Paths.SCORE,
            Paths.INSPECT,
            Paths.MOST_SIMILAR,
            Paths.TOKENIZE,
            Paths.DETOKENIZE)) {
      SERVED.put(path.substring(VERSION.length()), "POST");
    }
    for (String path : List.of(Paths.MODELS, Paths.VOCABULARY, Paths.STATUS)) {
      SERVED.put(path.substring(VERSION.length()), "GET");
    }

    put(CHAT, "/chat/completions");
    put(CHAT + " with messages", "/responses", "/messages", "/api/chat", "/chat", "/converse");
    put(
        "use POST " + Paths.COMPLETIONS + " with a prompt",
        "/api/generate",
        "/api/v1/generate",
        "/api/latest/generate",
        "/api/extra/generate/stream",
        "/completion",
        "/generate",
        "/generate_stream",
        "/infill");
    put("use POST " + Paths.EMBEDDINGS, "/api/embed", "/api/embeddings", "/embedding", "/embed");
    put(
        "use GET " + Paths.MODELS,
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
        "use POST " + Paths.TOKENIZE + ", whose answer has their count",
        "/v1/token/encode",
        "/v1/internal/encode",
        "/v1/internal/token-count",
        "/api/extra/tokencount");
    put("use POST " + Paths.DETOKENIZE, "/v1/token/decode", "/v1/internal/decode");
    put("use POST " + Paths.NEXT_TOKEN, "/v1/internal/logits");
    put("use POST " + Paths.SCORE + " with a prompt and its continuations", "/rerank", "/classify");
  }

  private PathAdvice() {}

  /**
   * The sentence for a path that is not served.
   *
   * @param asked the method and the path
   */
  public static String sentence(String asked) {
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
      return why(path) + "use " + SERVED.get(last) + " " + VERSION + last;
    }
    String meant = NearMiss.nearest(last, SERVED.keySet());
    return meant == null
        ? "see " + Paths.API_DOCS + " for what there is"
        : "use " + SERVED.get(meant) + " " + VERSION + meant + " if that is meant";
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
