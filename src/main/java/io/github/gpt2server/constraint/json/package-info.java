/**
 * JSON Schema as languages of byte strings: the texts of JSON values that a schema accepts, in one
 * order of properties and one form of white space. Uses {@code constraint.automaton} and {@code
 * constraint.regex}.
 */
package io.github.gpt2server.constraint.json;
