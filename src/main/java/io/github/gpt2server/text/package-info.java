/**
 * Short texts for messages: excerpts of what a client sent, the nearest known name, sizes in bytes.
 * Depends on no other package.
 */
package io.github.gpt2server.text;
