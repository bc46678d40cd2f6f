/** {@code GET /v1/status}: what the server does now, in one small answer for pages that poll. */
package io.github.gpt2server.ops.status;
