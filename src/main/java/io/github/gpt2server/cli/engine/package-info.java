/** Access of the commands to the engine. */
package io.github.gpt2server.cli.engine;
