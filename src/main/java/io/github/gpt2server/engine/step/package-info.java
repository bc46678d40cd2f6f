/**
 * One step: executes a plan on the model, picks tokens, verifies draft tokens, scores prompts and
 * publishes events.
 */
package io.github.gpt2server.engine.step;
