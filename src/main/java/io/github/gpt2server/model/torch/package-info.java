/**
 * GPT-2 on libtorch through DJL: the TorchScript program in {@code gpt2/}, its weights, native
 * memory and the check of the machine's arithmetic. The only package that touches DJL's NDArrays.
 */
package io.github.gpt2server.model.torch;
