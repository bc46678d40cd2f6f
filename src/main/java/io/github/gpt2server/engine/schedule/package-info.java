/**
 * Admission and scheduling: the bounded queue that serves clients in turns, the KV-cache slots, the
 * prefix cache and the scheduler, which plans each step as plain data. Used by the engine and its
 * step alone.
 */
package io.github.gpt2server.engine.schedule;
