/** {@code POST /v1/inspect}: attention, hidden states, logit lens, attribution and ablation. */
package io.github.gpt2server.api.insight.inspect;
