/**
 * Regular languages of byte strings: fragments of nondeterministic automata, and deterministic ones
 * made of them within limits. Determinization, minimization, products and the UTF-8 form of
 * character classes are those of Lucene's automata. Depends on no other package.
 */
package io.github.gpt2server.constraint.automaton;
