/**
 * What callers submit to the engine: generations, the sequences in them, tasks. Plain data, valid
 * by construction.
 */
package io.github.gpt2server.engine.request;
