package io.github.gpt2server.tokenizer;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The parts of a definition that it has in common with GPT-2's own. */
final class Gpt2Form {

  /** Kinds of pre-tokenizers that only split, unless they remove what they split at. */
  private static final Set<String> DROP_NOTHING =
      Set.of("ByteLevel", "Split", "Digits", "Punctuation", "UnicodeScripts");

  private static final int ASCII = 0x80;

  private Gpt2Form() {}

  /**
   * The rule for the positions at which texts may be cut.
   *
   * @param json the definition in the form that the library is given
   * @return null unless nothing but GPT-2's own pre-tokenizer splits texts into words, no added
   *     token reaches beyond its own text, and each id stands for one text
   */
  static SplitPoints splitPoints(ObjectNode json) {
    if (!splitsAsGpt2(json)) {
      return null;
    }
    JsonNode model = json.path("model");
    MergeRules merges = MergeRules.of(model.path("merges"));
    List<String> addedTokens = new ArrayList<>();
    for (JsonNode added : json.path("added_tokens")) {
      String content = added.path("content").asString("");
      boolean otherBytes = content.chars().anyMatch(c -> c >= ASCII);
      if (reaches(added) || (otherBytes && merges.make(content))) {
        return null;
      }
      addedTokens.add(content);
    }
    boolean runs = merges.areOrderly() && !model.path("ignore_merges").asBoolean(false);
    return hasEveryByte(model.path("vocab")) && haveOneTokenEach(model.path("vocab"))
        ? new SplitPoints(runs, addedTokens)
        : null;
  }

  /**
   * Returns whether each byte of a text is in one of its tokens, which have no more bytes than they
   * stand for.
   *
   * @param json the definition in the form that the library is given
   */
  static boolean takesEveryByte(ObjectNode json) {
    if (!json.path("normalizer").isEmpty()
        || LibraryForm.byteLevel(json).isEmpty()
        || !hasEveryByte(json.path("model").path("vocab"))) {
      return false;
    }
    for (JsonNode part : json.path("pre_tokenizer").path("pretokenizers")) {
      if (!DROP_NOTHING.contains(part.path("type").asString(""))
          || part.path("behavior").asString("").equals("Removed")) {
        return false;
      }
    }
    for (JsonNode added : json.path("added_tokens")) {
      if (added.path("lstrip").asBoolean(false) || added.path("rstrip").asBoolean(false)) {
        return false;
      }
    }
    return true;
  }

  private static boolean splitsAsGpt2(ObjectNode json) {
    JsonNode preTokenizer = json.path("pre_tokenizer");
    return preTokenizer.path("type").asString("").equals("ByteLevel")
        && preTokenizer.path("use_regex").asBoolean(true)
        && !preTokenizer.path("add_prefix_space").asBoolean(true)
        && json.path("normalizer").isEmpty();
  }

  /** Returns whether a token swallows or minds what is around it. */
  private static boolean reaches(JsonNode added) {
    return AddedTokens.REACH.stream().anyMatch(reach -> added.path(reach).asBoolean(false));
  }

  private static boolean haveOneTokenEach(JsonNode ids) {
    Set<Integer> seen = new HashSet<>();
    return ids.valueStream().allMatch(id -> seen.add(id.asInt(-1)));
  }

  private static boolean hasEveryByte(JsonNode vocabulary) {
    for (int value = 0; value < ByteAlphabet.BYTES; value++) {
      if (!vocabulary.has(String.valueOf(ByteAlphabet.character(value)))) {
        return false;
      }
    }
    return true;
  }
}
