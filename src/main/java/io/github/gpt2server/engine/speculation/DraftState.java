package io.github.gpt2server.engine.speculation;

import java.util.List;

/**
 * One sequence as the draft model sees it: how much of its text that model has read, how it guesses
 * the text to go on, and how often that was right.
 *
 * <p>Where tokens are drawn, a draft model that is much like the real one is right most often with
 * what it draws itself, with the random number of the real draw, and one that is less like it with
 * what it holds likeliest. Of each draft's first guess both are remembered, and the better way is
 * taken.
 */
final class DraftState {
  /** What other sequences showed weighs as much as so many guesses. */
  private static final double WEIGHT = 4;

  /** After so many guesses they count half. */
  private static final double MEMORY = 32;

  private final Rates all;
  private final Rates own;
  private int firstDrawn;
  private int firstLikeliest;
  private boolean draws;
  private final int[] guesses = new int[DraftPlanner.MAX_DRAFT];
  private int count;
  private int confirmed;
  private int read;
  private boolean failed;

  /** How often guesses were right that were drawn, and that were the likeliest tokens. */
  record Rates(AcceptanceRate drawn, AcceptanceRate likeliest) {
    private void add(boolean wasDrawn, boolean wasRight) {
      (wasDrawn ? drawn : likeliest).add(wasRight);
    }
  }

  /**
   * Nothing is read yet.
   *
   * @param all how often the guesses of all sequences were right
   */
  DraftState(Rates all) {
    this.all = all;
    this.own =
        new Rates(
            new AcceptanceRate(all.drawn()::value, WEIGHT, MEMORY),
            new AcceptanceRate(all.likeliest()::value, WEIGHT, MEMORY));
  }

  /** Takes in the token that really stands at a position. */
  void append(int token, int position) {
    if (confirmed == count) {
      return;
    }
    boolean right = guesses[confirmed] == token;
    for (Rates rates : List.of(own, all)) {
      if (confirmed == 0) {
        rates.add(true, firstDrawn == token);
        rates.add(false, firstLikeliest == token);
      } else {
        rates.add(draws, right);
      }
    }
    confirmed++;
    if (!right) {
      drop(position);
    }
  }

  /** Drops the guesses that are left over behind a text of so many tokens. */
  void drop(int length) {
    count = 0;
    confirmed = 0;
    read = Math.min(read, length);
  }

  /** How many positions of the draft model's KV cache hold this text. */
  int read() {
    return read;
  }

  /** Remembers that the text is read up to {@code end}. */
  void read(int end) {
    read = end;
  }

  /**
   * Takes in a further guess, made after a text and the guesses before it.
   *
   * @param drawn the token that was drawn; need be known only of the first guess and if it {@link
   *     #draws}
   * @param likeliest the likeliest token
   * @param length how many tokens the text has
   */
  void guess(int drawn, int likeliest, int length) {
    if (count == 0) {
      firstDrawn = drawn;
      firstLikeliest = likeliest;
      draws = own.drawn().value() >= own.likeliest().value();
    }
    read = length + count;
    guesses[count++] = draws ? drawn : likeliest;
  }

  /** Whether the guesses after the first are drawn. */
  boolean draws() {
    return draws;
  }

  /** How many tokens are guessed. */
  int count() {
    return count;
  }

  /** The token guessed to come {@code ahead} tokens after the next one. */
  int token(int ahead) {
    return guesses[ahead];
  }

  /** The probability that a guess is right if those before it are. */
  double chance() {
    return Math.max(own.drawn().value(), own.likeliest().value());
  }

  /** How many of its guesses are remembered. */
  double guessed() {
    return own.drawn().guessed() + own.likeliest().guessed();
  }

  /** Whether the draft model could not be run for it. */
  boolean failed() {
    return failed;
  }

  /** Leaves it alone from now on. */
  void fail() {
    count = 0;
    confirmed = 0;
    failed = true;
  }
}
