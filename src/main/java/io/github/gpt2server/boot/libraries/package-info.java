/**
 * Unpacking and loading of native libraries, from a folder that no one else can write to, with the
 * owner, mode and digest of each file checked. Runs before the first class of libtorch or the
 * tokenizer is loaded.
 */
package io.github.gpt2server.boot.libraries;
