/**
 * A server for GPT-2: the application class and nothing else.
 *
 * <p>{@code boot} wires everything together; {@code api} holds the endpoints over {@code web}'s
 * HTTP plumbing; {@code engine} turns requests into steps of {@code model} and their logits, by way
 * of {@code sampling}, into tokens. {@code docs/architecture.md} shows how the packages lean on
 * each other.
 */
package io.github.gpt2server;
