/**
 * Text to tokens and back: byte-level BPE, the bytes of each token, the streaming decoder that
 * never splits a character, stop strings. Depends on {@code files} and {@code platform}.
 */
package io.github.gpt2server.tokenizer;
