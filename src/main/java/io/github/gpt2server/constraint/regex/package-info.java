/**
 * Regular expressions as languages of byte strings: ECMAScript's with the flag {@code u}, without
 * what no automaton can do. Uses {@code constraint.automaton}.
 */
package io.github.gpt2server.constraint.regex;
