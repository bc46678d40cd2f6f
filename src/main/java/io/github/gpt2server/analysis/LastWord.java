package io.github.gpt2server.analysis;

/**
 * A passage split before its last word, which is to be predicted from the rest (Paperno et al.
 * 2016, "The LAMBADA dataset"). The word includes the white space before it, so that the split is a
 * token boundary.
 *
 * <p>The split is that of task {@code lambada_openai} in EleutherAI's lm-evaluation-harness: at the
 * last space. A passage that is a single word gets a space before it.
 *
 * @param context the text before the word, without trailing white space; empty for a single word
 * @param target the word with the white space before it
 */
public record LastWord(String context, String target) {

  /**
   * Splits a passage, ignoring trailing white space.
   *
   * @param passage not blank
   */
  public static LastWord of(String passage) {
    String text = passage.stripTrailing();
    int space = text.lastIndexOf(' ');
    String context = text.substring(0, Math.max(0, space)).stripTrailing();
    return context.isEmpty()
        ? new LastWord("", " " + text.strip())
        : new LastWord(context, text.substring(context.length()));
  }
}
