/**
 * The machine and the process: CPU features, cores, resident memory, the C library. Knows nothing
 * of models or requests and depends on no other package.
 */
package io.github.gpt2server.platform;
