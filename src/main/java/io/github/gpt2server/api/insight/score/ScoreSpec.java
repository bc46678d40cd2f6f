package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.engine.request.Generation;
import java.util.List;

/** A valid score request: texts to score, or continuations to rank. */
sealed interface ScoreSpec {

  /**
   * Texts to score.
   *
   * @param texts the texts, at least one
   * @param several whether an array of texts was sent, even of one
   * @param stride number of tokens between the starts of two windows over a text
   * @param topLogprobs number of most likely tokens to report at each position
   * @param encoding the form of these tokens
   * @param cacheSalt restricts sharing of cached prefixes, or null
   * @param stream whether progress and result are streamed
   */
  record Texts(
      List<Text> texts,
      boolean several,
      int stride,
      int topLogprobs,
      EncodingFormat encoding,
      String cacheSalt,
      boolean stream)
      implements ScoreSpec {}

  /**
   * A text to score.
   *
   * @param text the text as sent
   * @param tokens the token ids of the context and the text
   * @param context number of leading tokens that are not part of the text, at most one
   * @param offsets for each token of the text the code point at which it starts
   */
  record Text(String text, int[] tokens, int context, int[] offsets) {}

  /**
   * Continuations to rank.
   *
   * @param texts the continuations as sent, at least one
   * @param continuations the same as tokens after the prompt
   * @param generation the engine request: one sequence for each continuation
   */
  record Continuations(List<String> texts, List<Continuation> continuations, Generation generation)
      implements ScoreSpec {}
}
