package io.github.gpt2server.sampling;

/**
 * Filter that removes unlikely tokens before the draw. The next filter sees the rest as if
 * renormalised. Among tied tokens the lower ids stay; at least one token of positive probability
 * stays.
 */
interface TruncationFilter {

  void truncate(Candidates candidates);

  /** What a token that the filter removes is reported with. */
  Removal removal();
}
