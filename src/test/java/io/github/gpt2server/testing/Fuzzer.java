package io.github.gpt2server.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Requests that are wrong in many ways, or by chance right; the same for the same seed. */
final class Fuzzer {
  private static final List<String> PATHS =
      List.of(
          "/v1/completions",
          "/v1/chat/completions",
          "/v1/embeddings",
          "/v1/next-token",
          "/v1/score",
          "/v1/most-similar",
          "/v1/inspect",
          "/v1/tokenize",
          "/v1/detokenize",
          "/tokenize");
  private static final List<String> OTHERS =
      List.of(
          "/",
          "/health",
          "/metrics",
          "/v1/models",
          "/v1/status",
          "/v1/vocabulary",
          "/v1/vocabulary?prefix=%ff%00&limit=5000000000",
          "/v1/vocabulary?contains=%zz&contains=a",
          "/v1/models/%2F..%2F",
          "/v1/models/%00",
          "/error",
          "/actuator",
          "/actuator/x",
          "/v1/completions/",
          "/detokenize",
          "/tokenizer_info",
          "/%c0%af",
          "//",
          "/.",
          "/v3/api-docs/x",
          "/v1/completions;a=b?c=%zz",
          "*",
          "http://x/");
  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "X");
  private static final List<String> FIELDS =
      List.of(
          "model",
          "prompt",
          "max_tokens",
          "temperature",
          "top_p",
          "n",
          "best_of",
          "stream",
          "stream_options",
          "logprobs",
          "echo",
          "stop",
          "seed",
          "presence_penalty",
          "frequency_penalty",
          "logit_bias",
          "user",
          "suffix",
          "top_k",
          "min_p",
          "typical_p",
          "repetition_penalty",
          "repetition_penalty_range",
          "penalize_nl",
          "min_tokens",
          "ignore_eos",
          "stop_token_ids",
          "include_stop_str_in_output",
          "return_token_ids",
          "logprob_token_ids",
          "truncate_prompt_tokens",
          "add_special_tokens",
          "cache_salt",
          "token_healing",
          "use_beam_search",
          "length_penalty",
          "early_stopping",
          "penalty_alpha",
          "structured_outputs",
          "response_format",
          "json_schema",
          "guided_regex",
          "guided_choice",
          "return_structured_mass",
          "messages",
          "max_completion_tokens",
          "add_generation_prompt",
          "continue_final_message",
          "chat_template",
          "chat_template_kwargs",
          "tokens",
          "candidates",
          "sampling",
          "timings",
          "text",
          "input",
          "pooling",
          "layer",
          "stride",
          "top_logprobs",
          "add_bos",
          "continuations",
          "normalize",
          "encoding_format",
          "dimensions",
          "positive",
          "negative",
          "position",
          "layers",
          "heads",
          "attention",
          "logit_lens",
          "residual_norm",
          "targets",
          "attribution",
          "ablate",
          "max_tokns",
          "",
          "\\u0000",
          "x.y");
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "1",
          "-1",
          "2",
          "128",
          "129",
          "0.5",
          "-0.0",
          "1e-320",
          "1e-45",
          "1e-38",
          "1e-9",
          "-1e-38",
          "100",
          "-100",
          "1e308",
          "-1e308",
          "1e400",
          "2147483647",
          "2147483648",
          "-9223372036854775809",
          "1" + "0".repeat(1500),
          "NaN",
          "Infinity",
          "0x1",
          "01",
          "\"\"",
          "\"a\"",
          "\"true\"",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "\"\u2028\uFEFF🐉\"",
          "'a'",
          "[]",
          "[[]]",
          "[\"\"]",
          "[null]",
          "[1, \"a\"]",
          "[[1, 2], [3]]",
          "[[[1]]]",
          "[-1]",
          "[999999999]",
          "[1.5]",
          "[" + "7,".repeat(600) + "7]",
          "[" + "\"a\",".repeat(200) + "\"b\"]",
          "{}",
          "{\"include_usage\": true}",
          "{\"7\": -100}",
          "{\"7\": \"x\"}",
          "{\"-1\": 0}",
          "\"each\"",
          "[\" king\", 7]",
          "[{\"layer\": 1, \"head\": 2}]",
          "[{\"role\": \"user\", \"content\": \"a\"}]",
          "[{\"role\": 1, \"content\": [{\"type\": \"image_url\"}]}]",
          "[{\"role\": \"\", \"content\": {}, \"contnet\": []}]",
          "\"{% for m in messages %}{{ m.content * 9 }}{% endfor %}\"",
          "[{\"layer\": 4, \"head\": -1}]",
          "{\"a\": {\"b\": [1]}}",
          "[".repeat(200) + "]".repeat(200),
          "[".repeat(5000),
          "\"" + "x".repeat(20_000) + "\"",
          "\"" + " ".repeat(3000) + "\"",
          "// no\n1");

  /** Numbers at the limits of the allowed ranges, and fields with most influence on the draw. */
  private static final Map<String, List<String>> LIMITS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("temperature", List.of("0", "1e-320", "1e-38", "1e-9", "1e-6", "2")),
              Map.entry("top_p", List.of("0", "1e-320", "1e-38", "1")),
              Map.entry("min_p", List.of("0", "1e-320", "1")),
              Map.entry("typical_p", List.of("0", "1e-320", "1e-9", "1")),
              Map.entry("top_k", List.of("-1", "0", "1", "2147483647")),
              Map.entry("repetition_penalty", List.of("0.01", "1e2")),
              Map.entry("repetition_penalty_range", List.of("-1", "1", "2147483647")),
              Map.entry("penalize_nl", List.of("true", "false")),
              Map.entry("presence_penalty", List.of("-2", "2")),
              Map.entry("frequency_penalty", List.of("-2", "2")),
              Map.entry("seed", List.of("-1", "0", "9223372036854775807", "-9223372036854775808")),
              Map.entry("min_tokens", List.of("0", "1", "3")),
              Map.entry("stop_token_ids", List.of("[]", "[13]", tokens(4095), tokens(4096))),
              Map.entry("ignore_eos", List.of("true", "false")),
              Map.entry("logit_bias", List.of("{}", biases(-100), biases(100), "{\"7\": 100}")),
              Map.entry("logprobs", List.of("0", "1", "4096")),
              Map.entry("echo", List.of("true", "false")),
              Map.entry("n", List.of("1", "2", "5")),
              Map.entry("token_healing", List.of("true", "false")),
              Map.entry("use_beam_search", List.of("true", "false")),
              Map.entry("penalty_alpha", List.of("0", "1e-320", "1")),
              Map.entry("length_penalty", List.of("-10", "0", "10")),
              Map.entry("early_stopping", List.of("true", "false", "\"never\"")),
              Map.entry("top_logprobs", List.of("0", "1", "300")),
              Map.entry("stride", List.of("1", "511")),
              Map.entry("layer", List.of("0", "4")),
              Map.entry("candidates", List.of("[\" a\"]", "[\" a b c\"]")),
              Map.entry("normalize", List.of("true", "false"))));

  private final Random random;

  private static String tokens(int count) {
    return IntStream.range(0, count)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static String biases(int bias) {
    return IntStream.range(0, 4096)
        .mapToObj(token -> "\"" + token + "\":" + bias)
        .collect(Collectors.joining(",", "{", "}"));
  }

  Fuzzer(long seed) {
    random = new Random(seed);
  }

  /**
   * A request as it is sent.
   *
   * @param complete whether the server can tell that it is whole, so that it has to answer
   */
  record Request(byte[] bytes, boolean complete) {
    private static final Pattern VERSION = Pattern.compile("\\A[^\r\n]* HTTP/");

    /** Returns whether the request line is one of HTTP/0.9, whose answers have no status line. */
    boolean withoutVersion() {
      return !VERSION.matcher(text()).find();
    }

    private String text() {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
      String text = text();
      return text.length() > 2000 ? text.substring(0, 2000) + "..." : text;
    }
  }

  Request next() {
    int kind = random.nextInt(100);
    if (kind < 15) {
      return post(bytes(limits()));
    } else if (kind < 45) {
      return post(bytes(json()));
    } else if (kind < 65) {
      return post(mutated(bytes(json())));
    } else if (kind < 72) {
      byte[] noise = new byte[random.nextInt(2000)];
      random.nextBytes(noise);
      return post(noise);
    } else if (kind < 73) {
      return post(bytes("{\"prompt\": \"" + "x".repeat(random.nextInt(12 << 20)) + "\"}"));
    } else if (kind < 75) {
      return cutShort(post(bytes(json())).bytes());
    } else if (kind < 83) {
      return new Request(mutated(post(bytes(json())).bytes()), false);
    } else if (kind < 90) {
      return chunked(bytes(json()));
    }
    String line = pick(METHODS) + " " + (random.nextBoolean() ? pick(OTHERS) : pick(PATHS));
    return new Request(bytes(line + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"), true);
  }

  private String json() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("prompt", "\"The king\"");
    fields.put("max_tokens", "2");
    fields.put("text", "\"The king\"");
    fields.put("input", "\"The king\"");
    fields.put("positive", "[\" king\"]");
    fields.put("tokens", "[1, 2, 3]");
    fields.keySet().removeIf(field -> random.nextInt(3) == 0);
    for (int i = random.nextInt(4); i > 0; i--) {
      fields.put(pick(FIELDS), pick(VALUES));
    }
    return object(fields);
  }

  private static String object(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> "\"" + field.getKey() + "\": " + field.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /** Numbers that are allowed, most of them. */
  private String limits() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("prompt", "\"The king\"");
    fields.put("max_tokens", "3");
    fields.put("text", "\"The king was angry.\"");
    fields.put("messages", "[{\"role\": \"user\", \"content\": \"Hi\"}]");
    fields.put("input", "\"The king\"");
    fields.put("positive", "[\" king\"]");
    LIMITS.forEach(
        (field, values) -> {
          if (random.nextInt(3) == 0) {
            fields.put(field, pick(values));
          }
        });
    return object(fields);
  }

  private Request post(byte[] body) {
    return new Request(
        joined(bytes(head() + "Content-Length: " + body.length + "\r\n\r\n"), body), true);
  }

  private String head() {
    return "POST "
        + pick(PATHS)
        + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n";
  }

  private Request cutShort(byte[] whole) {
    return new Request(Arrays.copyOf(whole, random.nextInt(whole.length)), false);
  }

  private Request chunked(byte[] body) {
    int first = random.nextInt(body.length + 1);
    byte[] chunks =
        joined(
            bytes(Integer.toHexString(first) + "\r\n"),
            Arrays.copyOf(body, first),
            bytes("\r\n" + Integer.toHexString(body.length - first) + "\r\n"),
            Arrays.copyOfRange(body, first, body.length),
            bytes("\r\n0\r\n\r\n"));
    boolean broken = random.nextBoolean();
    return new Request(
        joined(
            bytes(head() + "Transfer-Encoding: chunked\r\n\r\n"),
            broken ? mutated(chunks) : chunks),
        !broken);
  }

  /** Some bytes changed, dropped or doubled. */
  private byte[] mutated(byte[] bytes) {
    ByteArrayOutputStream mutated = new ByteArrayOutputStream();
    int rate = 1 + bytes.length / (1 + random.nextInt(6));
    for (byte b : bytes) {
      switch (random.nextInt(rate) == 0 ? random.nextInt(3) : 3) {
        case 0 -> mutated.write(random.nextInt(256));
        case 1 -> {}
        case 2 -> {
          mutated.write(b);
          mutated.write(b);
        }
        default -> mutated.write(b);
      }
    }
    return mutated.toByteArray();
  }

  private String pick(List<String> values) {
    return values.get(random.nextInt(values.size()));
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
