package io.github.gpt2server.tokenizer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.knuddels.jtokkit.Encodings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * GPT-2's own vocabulary, from the list of its tokens by rank that jtokkit carries: a token's rank
 * is its id, and the merge that makes it is the pair that the merges of lower ranks leave of it.
 */
public final class Gpt2Vocabulary {

  private Gpt2Vocabulary() {}

  /** Writes {@code vocab.json} and {@code merges.txt}. */
  public static void write(Path folder) throws IOException {
    Map<String, Integer> ranks = ranks();
    StringBuilder merges = new StringBuilder("#version: 0.2\n");
    Map<String, Integer> vocabulary = new HashMap<>();
    List<String> byRank = new ArrayList<>(ranks.keySet());
    byRank.sort(Comparator.comparing(ranks::get));
    for (String token : byRank) {
      vocabulary.put(written(token), ranks.get(token));
      if (token.length() > 1) {
        List<String> pair = parts(token, ranks);
        merges.append(written(pair.get(0))).append(' ').append(written(pair.get(1))).append('\n');
      }
    }
    vocabulary.put("<|endoftext|>", ranks.size());
    Files.writeString(folder.resolve("merges.txt"), merges);
    Files.write(folder.resolve("vocab.json"), JsonMapper.shared().writeValueAsBytes(vocabulary));
  }

  /** Ids by token, a character for each byte. */
  private static Map<String, Integer> ranks() throws IOException {
    Map<String, Integer> ranks = new HashMap<>();
    try (InputStream in = Encodings.class.getResourceAsStream("r50k_base.tiktoken")) {
      for (String line : new String(in.readAllBytes(), US_ASCII).lines().toList()) {
        int space = line.indexOf(' ');
        byte[] token = Base64.getDecoder().decode(line.substring(0, space));
        ranks.put(new String(token, ISO_8859_1), Integer.valueOf(line.substring(space + 1)));
      }
    }
    return ranks;
  }

  private static List<String> parts(String token, Map<String, Integer> ranks) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < token.length(); i++) {
      parts.add(token.substring(i, i + 1));
    }
    while (parts.size() > 2) {
      int best = 0;
      int lowest = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int rank = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), Integer.MAX_VALUE);
        if (rank < lowest) {
          lowest = rank;
          best = i;
        }
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
    return parts;
  }

  private static String written(String token) {
    StringBuilder written = new StringBuilder();
    token.chars().forEach(value -> written.append(ByteAlphabet.character(value)));
    return written.toString();
  }
}
