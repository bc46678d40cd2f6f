package io.github.gpt2server.web.ratelimit;

/**
 * The limits of one API key; 0 stands for none.
 *
 * @param requestsPerMinute the number of requests in a minute
 * @param tokensPerMinute the number of tokens in a minute, read and generated
 * @param concurrentRequests the number of requests at once
 */
public record RateLimit(int requestsPerMinute, int tokensPerMinute, int concurrentRequests) {}
