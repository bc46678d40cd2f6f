package io.github.gpt2server.api.insight.similar;

import io.github.gpt2server.analysis.NearestTokens;

/**
 * A valid most-similar request.
 *
 * @param search the terms and the number of tokens to find
 */
record MostSimilarSpec(NearestTokens search) {}
