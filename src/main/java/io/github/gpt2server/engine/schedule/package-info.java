/**
 * Who runs next: the bounded queue with its turns between callers, the KV-cache slots, the prefix
 * cache and the scheduler, which plans each step as plain data. Used by the engine and its step
 * alone.
 */
package io.github.gpt2server.engine.schedule;
