/** The hub's protocol: requests, redirects, retries, proxies, tokens, and messages for failures. */
package io.github.gpt2server.hub.http;
