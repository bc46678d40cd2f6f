/**
 * Short texts that several packages write: excerpts of what a client sent, the nearest known name,
 * sizes in bytes, random ids, progress bars. Depends on no other package.
 */
package io.github.gpt2server.text;
