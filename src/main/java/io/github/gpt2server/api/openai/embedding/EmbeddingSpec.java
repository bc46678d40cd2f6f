package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.analysis.TextVectors;
import java.util.List;

/**
 * A valid embedding request.
 *
 * @param vectors the inputs, and which vectors of theirs are computed
 * @param base64 whether vectors are written in base64 instead of as numbers
 */
record EmbeddingSpec(TextVectors vectors, boolean base64) {

  /** The {@code pooling} that leaves one vector for each token. */
  static final String NO_POOLING = "none";

  /** The token ids of each input. */
  List<int[]> inputs() {
    return vectors.texts();
  }

  /** Returns whether each token has a vector, instead of each input. */
  boolean everyToken() {
    return vectors.pooling().equals(NO_POOLING);
  }

  /** The number of tokens of all inputs. */
  int tokens() {
    return inputs().stream().mapToInt(input -> input.length).sum();
  }

  /** The number of vectors in the response. */
  int count() {
    return everyToken() ? tokens() : inputs().size();
  }
}
