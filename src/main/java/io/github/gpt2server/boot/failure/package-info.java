/** A start that failed, as one sentence on standard error in place of a stack trace. */
package io.github.gpt2server.boot.failure;
