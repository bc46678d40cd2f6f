/** The {@code evaluate} command: perplexity of texts and accuracy on last words. */
package io.github.gpt2server.cli.evaluate;
