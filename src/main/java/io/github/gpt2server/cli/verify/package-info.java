/** The {@code verify} command: the model's results compared with published ones. */
package io.github.gpt2server.cli.verify;
