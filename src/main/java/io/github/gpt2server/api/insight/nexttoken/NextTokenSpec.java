package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.ChoiceRequests;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.openai.generation.DrawSpec;
import io.github.gpt2server.engine.request.Generation;
import java.util.List;

/**
 * A valid next-token request.
 *
 * @param prompts the token ids of each prompt
 * @param questions for each prompt the requests for its distribution and its candidates
 * @param several whether an array of prompts was sent, even of one
 * @param topK number of most likely tokens to report
 * @param temperature divides the logits
 * @param candidates texts whose probability is reported for each prompt
 * @param sampling the way to draw the next token, or null if it is not asked about
 * @param encoding the form of the most likely tokens
 * @param generation the engine request: the requests of all questions
 */
record NextTokenSpec(
    List<int[]> prompts,
    List<ChoiceRequests> questions,
    boolean several,
    int topK,
    double temperature,
    List<Candidate> candidates,
    DrawSpec sampling,
    EncodingFormat encoding,
    Generation generation) {

  /**
   * A text that may follow the prompts.
   *
   * @param tokens token ids, at least one
   */
  record Candidate(String text, int[] tokens) {

    /** Returns whether it is one token, whose probability the prompt's own logits have. */
    boolean single() {
      return tokens.length == 1;
    }
  }
}
