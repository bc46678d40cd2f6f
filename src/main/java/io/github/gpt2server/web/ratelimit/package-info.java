/**
 * Limits by API key: requests a minute, tokens a minute and requests at once. The only package that
 * touches Bucket4j.
 */
package io.github.gpt2server.web.ratelimit;
