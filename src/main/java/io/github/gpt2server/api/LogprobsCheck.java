package io.github.gpt2server.api;

/** Whether the log-probabilities that an answer holds in memory all at once are few enough. */
public final class LogprobsCheck {

  /** Some 40 MB as numbers, ten times that as text. */
  private static final long MAX = 10_000_000;

  private LogprobsCheck() {}

  /**
   * Checks one request.
   *
   * @param field the field that asks for so many
   * @param perPosition how many each position reports
   * @param positions how many positions report
   * @param other what may be lowered beside the field, such as {@code max_tokens}
   * @throws ApiException 400, if it is too much
   */
  public static void check(String field, int perPosition, long positions, String other) {
    if (perPosition * positions > MAX) {
      throw ApiException.invalid(
          field,
          "%s = %d at up to %d positions would report %d log-probabilities at once, but an answer may"
                  .formatted(field, perPosition, positions, perPosition * positions)
              + " have %d; lower %s or %s.".formatted(MAX, field, other));
    }
  }
}
