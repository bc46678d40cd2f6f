package io.github.gpt2server.analysis;

/**
 * A passage cut before its last word, which is to be predicted from the rest. The word keeps the
 * white space before it, so that the cut is a boundary of tokens.
 *
 * <p>The cut is that of task {@code lambada_openai} in EleutherAI's lm-evaluation-harness: at the
 * last space. A passage that is a single word gets one before it.
 *
 * <p>Source: Paperno et al., The LAMBADA dataset (2016).
 *
 * @param context what stands before it, without white space at its end; empty for a single word
 * @param target the word with the white space before it
 */
public record LastWord(String context, String target) {

  /**
   * Cuts a passage, whose white space at the end is left out.
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
