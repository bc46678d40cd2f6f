/** What commands share to ask the engine. */
package io.github.gpt2server.cli.engine;
