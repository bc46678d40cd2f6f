package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.openai.generation.GenerationSpec;

/**
 * A valid chat request.
 *
 * @param generation what is generated, from one prompt
 * @param role the role of the answers
 * @param beginning the text that each answer begins with, before what is generated; often empty
 */
record ChatSpec(GenerationSpec generation, String role, String beginning) {}
