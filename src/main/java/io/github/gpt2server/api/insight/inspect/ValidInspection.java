package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionQuestion;
import io.github.gpt2server.api.request.PromptTokens;

/**
 * An inspection request that was found valid.
 *
 * @param prompt the text and where its tokens are in it
 * @param question what is asked of the engine
 */
record ValidInspection(PromptTokens prompt, InspectionQuestion question) {}
