/**
 * Logits become a token: penalties, bias, temperature, truncation, seeded draws. Plain Java on
 * plain buffers; no type of DJL, nothing of requests or HTTP. Depends on no other package.
 */
package io.github.gpt2server.sampling;
