/**
 * The kernels in C, {@code src/main/c}: their library, its choice of instructions and the threads
 * among which they share their work.
 */
package io.github.gpt2server.model.torch.kernels;
