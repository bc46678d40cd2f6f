package io.github.gpt2server.hub.http;

/**
 * A hub and the policy for requests that fail.
 *
 * @param client makes each request once
 * @param failures explains failures
 * @param policy how often and after which pauses a request is repeated
 */
public record HubAccess(HubClient client, HubFailures failures, RetryPolicy policy) {
  /** Returns the retries of one request. */
  public Retry retry() {
    return new Retry(policy, failures);
  }

  /** Returns the same hub with another limit of attempts. */
  public HubAccess withAttempts(int attempts) {
    return new HubAccess(client, failures, policy.withAttempts(attempts));
  }
}
