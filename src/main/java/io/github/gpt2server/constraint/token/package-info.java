/**
 * The tokens that may follow in each state of an automaton: a vocabulary as a tree of bytes, walked
 * with the automaton. Uses {@code constraint.automaton} and {@code sampling}.
 */
package io.github.gpt2server.constraint.token;
