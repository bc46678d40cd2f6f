package io.github.gpt2server.engine.speculation;

import java.util.List;

/**
 * The draft model's view of one sequence: how much of the text its KV cache holds, the draft tokens
 * that it proposes next, and how many of its earlier ones were accepted.
 *
 * <p>When tokens are sampled, a draft model close to the real one is accepted most often with
 * tokens that it samples itself, using the random number of the real draw; one that is less close,
 * with its likeliest token. The first token of each draft is counted both ways, and the better way
 * is used.
 */
final class DraftState {
  /** The weight of the rates over all sequences, in draft tokens. */
  private static final double PRIOR_WEIGHT = 4;

  /** The number of draft tokens after which their counts are halved. */
  private static final double HALF_LIFE = 32;

  private final Rates all;
  private final Rates own;
  private int firstSampled;
  private int firstLikeliest;
  private boolean samples;
  private final int[] draftTokens = new int[DraftPlanner.MAX_DRAFT];
  private int count;
  private int confirmed;
  private int read;
  private boolean failed;

  /** Acceptance rates of sampled draft tokens and of those that are the likeliest. */
  record Rates(AcceptanceRate sampled, AcceptanceRate likeliest) {
    private void add(boolean wasSampled, boolean wasAccepted) {
      (wasSampled ? sampled : likeliest).add(wasAccepted);
    }
  }

  /**
   * Creates the state of a sequence of which nothing is read.
   *
   * @param all acceptance rates over all sequences: the prior, and updated as well
   */
  DraftState(Rates all) {
    this.all = all;
    this.own =
        new Rates(
            new AcceptanceRate(all.sampled()::value, PRIOR_WEIGHT, HALF_LIFE),
            new AcceptanceRate(all.likeliest()::value, PRIOR_WEIGHT, HALF_LIFE));
  }

  /** Compares the generated token at {@code position} with the draft. */
  void append(int token, int position) {
    if (confirmed == count) {
      return;
    }
    boolean accepted = draftTokens[confirmed] == token;
    for (Rates rates : List.of(own, all)) {
      if (confirmed == 0) {
        rates.add(true, firstSampled == token);
        rates.add(false, firstLikeliest == token);
      } else {
        rates.add(samples, accepted);
      }
    }
    confirmed++;
    if (!accepted) {
      drop(position);
    }
  }

  /** Drops the draft tokens, and what was read of them, after a text of {@code length} tokens. */
  void drop(int length) {
    count = 0;
    confirmed = 0;
    read = Math.min(read, length);
  }

  /** The number of positions of the draft model's KV cache that hold this text. */
  int read() {
    return read;
  }

  /** Records that the text is read up to {@code end}. */
  void read(int end) {
    read = end;
  }

  /**
   * Appends a draft token.
   *
   * @param sampled the sampled token; used only for the first draft token and if {@link #samples}
   * @param likeliest the likeliest token
   * @param length the number of tokens of the text, without draft tokens
   */
  void propose(int sampled, int likeliest, int length) {
    if (count == 0) {
      firstSampled = sampled;
      firstLikeliest = likeliest;
      samples = own.sampled().value() >= own.likeliest().value();
    }
    read = length + count;
    draftTokens[count++] = samples ? sampled : likeliest;
  }

  /** Returns whether the draft tokens after the first are sampled. */
  boolean samples() {
    return samples;
  }

  /** The number of draft tokens. */
  int count() {
    return count;
  }

  /** The draft token {@code ahead} tokens after the next one. */
  int token(int ahead) {
    return draftTokens[ahead];
  }

  /** The estimated probability that a draft token is accepted if all before it are. */
  double chance() {
    return Math.max(own.sampled().value(), own.likeliest().value());
  }

  /** The number of draft tokens of this sequence counted so far, after halving. */
  double drafted() {
    return own.sampled().drafted() + own.likeliest().drafted();
  }

  /** Returns whether the draft model failed on this sequence. */
  boolean failed() {
    return failed;
  }

  /** Drops the draft and excludes the sequence from further drafts. */
  void fail() {
    count = 0;
    confirmed = 0;
    failed = true;
  }
}
