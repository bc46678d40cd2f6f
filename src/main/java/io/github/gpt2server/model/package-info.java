/**
 * The engine's view of a model: a step's plan and result, and tasks. Plain data and interfaces;
 * nothing of libtorch, files or requests. Implemented by {@code model.torch}.
 */
package io.github.gpt2server.model;
