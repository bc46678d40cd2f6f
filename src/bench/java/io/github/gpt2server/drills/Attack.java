package io.github.gpt2server.drills;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Requests that ask for much with little, all sent at once.
 *
 * @param name what they are
 * @param path where they go
 * @param body what each of them says
 * @param count how many there are
 * @param reading whether their answers are read at once, or only after a while
 */
record Attack(String name, String path, byte[] body, int count, boolean reading) {
  private static final int MEGABYTES_8 = 8_000_000;

  private Attack(String name, String path, String body) {
    this(name, path, body, 1, true);
  }

  private Attack(String name, String path, String body, int count, boolean reading) {
    this(name, path, body.getBytes(StandardCharsets.UTF_8), count, reading);
  }

  /** Each of them has ended a server of this project or of others, or held it up. */
  static List<Attack> all() {
    List<Attack> attacks = new ArrayList<>();
    for (String unit : List.of("a", " ", "'", "1")) {
      attacks.add(
          new Attack(
              "8 MB of \"" + unit + "\" to be tokenized",
              "/v1/tokenize",
              "{\"text\":\"" + unit.repeat(MEGABYTES_8) + "\"}"));
    }
    attacks.add(
        new Attack(
            "four prompts of 8 MB of one word",
            "/v1/completions",
            "{\"max_tokens\":1,\"prompt\":\"" + "a".repeat(MEGABYTES_8) + "\"}",
            4,
            true));
    attacks.add(
        new Attack(
            "1,500,000 times the same token id in a stream of eight, not read",
            "/v1/completions",
            "{\"prompt\":\"a\",\"stream\":true,\"max_tokens\":400,\"ignore_eos\":true,\"n\":8,"
                + "\"logprob_token_ids\":["
                + "1,".repeat(1_499_999)
                + "1]}",
            1,
            false));
    attacks.add(
        new Attack(
            "six bodies of 2,700,000 empty arrays",
            "/v1/completions",
            "{\"foo\":1,\"prompt\":[" + "[],".repeat(2_699_999) + "[]],\"max_tokens\":1}",
            6,
            true));
    attacks.add(
        new Attack(
            "100,000 candidates after 128 prompts",
            "/v1/next-token",
            "{\"prompt\":["
                + list("\"a\"", 128)
                + "],\"candidates\":["
                + list("\" a\"", 100_000)
                + "]}"));
    attacks.add(
        new Attack(
            "eight bodies of 600,000 unknown fields",
            "/v1/completions",
            "{"
                + IntStream.range(0, 600_000)
                    .mapToObj(i -> "\"x%06d\":1".formatted(i))
                    .collect(Collectors.joining(","))
                + "}",
            8,
            true));
    attacks.add(
        new Attack(
            "4,100,000 token ids",
            "/v1/completions",
            "{\"max_tokens\":1,\"prompt\":[" + "1,".repeat(4_099_999) + "1]}"));
    attacks.add(
        new Attack(
            "1,900,000 prompts",
            "/v1/completions",
            "{\"max_tokens\":1,\"prompt\":[" + list("\"a\"", 1_900_000) + "]}"));
    attacks.add(
        new Attack(
            "65,536 names of one hash code",
            "/v1/completions",
            "{"
                + IntStream.range(0, 1 << 16)
                    .mapToObj(i -> "\"" + colliding(i) + "\":1")
                    .collect(Collectors.joining(","))
                + "}"));
    attacks.add(
        new Attack(
            "a streamed score of 2,400 tokens with 4,096 log-probabilities each",
            "/v1/score",
            "{\"stream\":true,\"top_logprobs\":4096,\"text\":\"" + " king".repeat(2_400) + "\"}"));
    attacks.add(
        new Attack(
            "a score of 400,000 tokens with stride 1",
            "/v1/score",
            "{\"stride\":1,\"text\":\"" + " king".repeat(400_000) + "\"}"));
    attacks.add(
        new Attack(
            "four answers of 190 MB",
            "/v1/completions",
            "{\"prompt\":\"a\",\"max_tokens\":480,\"ignore_eos\":true,\"n\":5,\"logprobs\":4096}",
            4,
            true));
    attacks.add(
        new Attack(
            "32 streams with 256 log-probabilities each, not read",
            "/v1/completions",
            "{\"prompt\":\"a\",\"max_tokens\":480,\"ignore_eos\":true,\"n\":4,\"logprobs\":256,"
                + "\"stream\":true}",
            32,
            false));
    attacks.add(
        new Attack(
            "four inspections of every head of 500 tokens",
            "/v1/inspect",
            "{\"prompt\":\"" + " king".repeat(400) + "\",\"attention\":true,\"logit_lens\":true}",
            4,
            true));
    attacks.add(
        new Attack(
            "four times the vectors of 15,000 tokens",
            "/v1/embeddings",
            "{\"pooling\":\"none\",\"input\":["
                + list("\"" + " king".repeat(500) + "\"", 30)
                + "]}",
            4,
            true));
    return attacks;
  }

  /** What is sent over each connection. */
  byte[] request() {
    byte[] head =
        ("POST "
                + path
                + " HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nConnection: close"
                + "\r\nContent-Length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = new byte[head.length + body.length];
    System.arraycopy(head, 0, request, 0, head.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  private static String list(String item, int count) {
    return (item + ",").repeat(count - 1) + item;
  }

  /** "Aa" and "BB" have one hash code, and so have all texts made of sixteen of them. */
  private static String colliding(int bits) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      name.append((bits >> i & 1) == 0 ? "Aa" : "BB");
    }
    return name.toString();
  }
}
