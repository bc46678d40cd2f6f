/** {@code verify}: the model's results beside those that others have published. */
package io.github.gpt2server.cli.verify;
