/** {@code evaluate}: perplexity of texts and accuracy of last words. */
package io.github.gpt2server.cli.evaluate;
