package io.github.gpt2server.api.limit;

import io.github.gpt2server.web.error.FieldException;

/**
 * The most that one field may hold; a limit that its type has no use for is 0.
 *
 * @param items elements of an array, entries of an object
 * @param tokens token ids of one array
 * @param characters of a string, or of each string of an array, in UTF-16 code units
 */
public record FieldLimit(int items, int tokens, int characters) {

  /** The limit of fields without one of their own, which only tests have. */
  static final FieldLimit DEFAULT = new FieldLimit(1000, 1000, 8 << 20);

  /**
   * Checks the number of elements that have been read so far.
   *
   * @param noun names the elements, such as {@code texts}
   * @throws FieldException if there is one too many
   */
  public static void check(int count, int limit, String noun) {
    if (count > limit) {
      throw tooMany(limit, noun);
    }
  }

  /** The error for more than {@code limit} elements. */
  public static FieldException tooMany(long limit, String noun) {
    return new FieldException(
        "may hold at most " + limit + " " + noun + ", but holds more; send fewer in one request.");
  }
}
