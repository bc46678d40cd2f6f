/**
 * Requests to the engine: generations, their sequences, tasks. Plain data, valid by construction.
 */
package io.github.gpt2server.engine.request;
