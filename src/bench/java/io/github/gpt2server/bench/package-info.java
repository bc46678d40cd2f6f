/**
 * The speed of the server, measured through HTTP against the bare model step and llama.cpp in the
 * same run, on random weights that are made here; and JMH's measurements of pieces. No test but of
 * what writes the weights: started by hand, on a machine that does nothing else; {@code
 * docs/performance.md} says how.
 */
package io.github.gpt2server.bench;
