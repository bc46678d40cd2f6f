/**
 * The hub's protocol: requests, redirects, retries, proxies, tokens, and what went wrong in one
 * sentence.
 */
package io.github.gpt2server.hub.http;
