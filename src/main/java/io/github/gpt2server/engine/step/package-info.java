/**
 * Execution of one step: computes a plan on the model, scores prompts, samples tokens, verifies
 * draft tokens and publishes events.
 */
package io.github.gpt2server.engine.step;
