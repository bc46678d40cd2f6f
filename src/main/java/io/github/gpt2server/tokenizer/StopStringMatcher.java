package io.github.gpt2server.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * Looks for stop strings in the text of one sequence while it is generated, and holds back what may
 * still become one.
 *
 * <p>The stop string that is complete first ends the text; of several that are complete with the
 * same character the longest, which begins first. So a match never has to wait for more text: with
 * {@code "abcd"} and {@code "bc"}, the text {@code "abc"} stops at {@code "bc"}. The result does
 * not depend on how the text was divided.
 *
 * <p>Each stop string is followed by the automaton of Knuth, Morris and Pratt (Fast Pattern
 * Matching in Strings, 1977), so the time is linear in the text. Not thread-safe.
 */
public final class StopStringMatcher {

  private final List<Candidate> candidates;
  private final boolean includeStopString;
  private final StringBuilder held = new StringBuilder();
  private String matched;

  /**
   * Begins a sequence.
   *
   * @param stopStrings what ends the text; may be empty
   * @param includeStopString whether the text ends after the stop string instead of before it
   * @throws IllegalArgumentException if a stop string is empty or has a surrogate without its pair,
   *     which could cut a character in two
   */
  public StopStringMatcher(List<String> stopStrings, boolean includeStopString) {
    for (String stop : stopStrings) {
      if (stop.isEmpty()) {
        throw new IllegalArgumentException("a stop string is empty");
      }
      Surrogates.requirePaired(stop, "a stop string");
    }
    this.candidates = stopStrings.stream().map(Candidate::new).toList();
    this.includeStopString = includeStopString;
  }

  private StopStringMatcher(StopStringMatcher other) {
    candidates = other.candidates.stream().map(Candidate::copy).toList();
    includeStopString = other.includeStopString;
    held.append(other.held);
    matched = other.matched;
  }

  /** A matcher that goes on from here by itself. */
  public StopStringMatcher copy() {
    return new StopStringMatcher(this);
  }

  /**
   * Takes the next part of the text, in whole characters.
   *
   * @return what can be shown now: all text so far that was not returned before, except the longest
   *     suffix that could still become a stop string; nothing after a match
   */
  public String append(String text) {
    if (matched != null) {
      return "";
    }
    if (candidates.isEmpty()) {
      return text;
    }
    int seen = held.length();
    held.append(text);
    for (int i = seen; i < held.length(); i++) {
      String complete = advance(held.charAt(i));
      if (complete != null) {
        matched = complete;
        int end = i + 1;
        held.setLength(includeStopString ? end : end - complete.length());
        return finish();
      }
    }
    int waiting = 0;
    for (Candidate candidate : candidates) {
      waiting = Math.max(waiting, candidate.progress);
    }
    int safe = held.length() - waiting;
    String shown = held.substring(0, safe);
    held.delete(0, safe);
    return shown;
  }

  /**
   * Ends the text for another reason than a stop string.
   *
   * @return what was held back; nothing after a match
   */
  public String finish() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** The stop string that ended the text. */
  public Optional<String> matched() {
    return Optional.ofNullable(matched);
  }

  /** Moves every automaton by one character; the longest stop string that it completes, or null. */
  private String advance(char next) {
    String complete = null;
    for (Candidate candidate : candidates) {
      if (candidate.advance(next)
          && (complete == null || candidate.stop.length() > complete.length())) {
        complete = candidate.stop;
      }
    }
    return complete;
  }

  /** One stop string and how much of it the text ends with. */
  private static final class Candidate {

    private final String stop;
    private final int[] borders;
    private int progress;

    Candidate(String stop) {
      this(stop, borders(stop), 0);
    }

    private Candidate(String stop, int[] borders, int progress) {
      this.stop = stop;
      this.borders = borders;
      this.progress = progress;
    }

    Candidate copy() {
      return new Candidate(stop, borders, progress);
    }

    boolean advance(char next) {
      while (progress > 0 && stop.charAt(progress) != next) {
        progress = borders[progress - 1];
      }
      if (stop.charAt(progress) == next) {
        progress++;
      }
      return progress == stop.length();
    }

    /** The length, for each prefix, of the longest proper prefix that is also its suffix. */
    private static int[] borders(String stop) {
      int[] borders = new int[stop.length()];
      int border = 0;
      for (int i = 1; i < stop.length(); i++) {
        while (border > 0 && stop.charAt(border) != stop.charAt(i)) {
          border = borders[border - 1];
        }
        if (stop.charAt(border) == stop.charAt(i)) {
          border++;
        }
        borders[i] = border;
      }
      return borders;
    }
  }
}
