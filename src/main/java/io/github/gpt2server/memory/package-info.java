/**
 * The memory that requests may take: figures of the process, a budget of them, and what is reserved
 * of it.
 */
package io.github.gpt2server.memory;
