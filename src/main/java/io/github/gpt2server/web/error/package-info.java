/**
 * The error envelope: the exceptions that become one, and the answers to what fails before or
 * outside of any endpoint. Every answer of 400 and above is made here or by {@code api}'s error
 * handler, which also knows the engine's exceptions.
 */
package io.github.gpt2server.web.error;
