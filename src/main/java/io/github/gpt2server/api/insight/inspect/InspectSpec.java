package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionQuestion;
import io.github.gpt2server.api.request.PromptTokens;

/**
 * A valid inspection request.
 *
 * @param prompt the text and the positions of its tokens
 * @param question the internals to report
 */
record InspectSpec(PromptTokens prompt, InspectionQuestion question) {

  /** The value of {@code ablate} that ablates each head by itself. */
  static final String EACH = "each";
}
