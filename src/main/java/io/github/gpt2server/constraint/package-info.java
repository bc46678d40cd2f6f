/**
 * Constraints on generated text: regular expressions and JSON Schemas as automata over bytes, and
 * for each state of an automaton the tokens that may follow. Without HTTP and engine: {@code
 * sampling} says what the engine sees of a constraint.
 */
package io.github.gpt2server.constraint;
