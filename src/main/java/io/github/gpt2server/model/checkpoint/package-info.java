/**
 * The files of a checkpoint, which may come from anyone: {@code config.json}, safetensors, and
 * PyTorch's zip and pickle, read with limits and without running anything. Gives tensors mapped
 * from the files.
 */
package io.github.gpt2server.model.checkpoint;
