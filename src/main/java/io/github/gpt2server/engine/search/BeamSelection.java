package io.github.gpt2server.engine.search;

import io.github.gpt2server.engine.request.BeamSearch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * The running and the finished beams of a search. Of all continuations of the running beams the
 * likeliest are considered, at least two for each beam and one more than there are stop tokens. Of
 * these, those that end a text become finished beams if they are among the {@code width} likeliest;
 * the likeliest others run on. Among equally likely ones the better beam goes first, then the lower
 * token id.
 */
public final class BeamSelection {
  private final BeamSearch search;
  private final int considered;
  private final int maxTokens;
  private final Predicate<Beam> ends;
  private List<Beam> running = List.of(Beam.START);
  private List<Beam> finished = List.of();

  /**
   * Begins a search.
   *
   * @param stopTokens number of tokens that end a text
   * @param maxTokens largest number of tokens
   * @param ends returns whether a beam's last token ends its text
   */
  public BeamSelection(BeamSearch search, int stopTokens, int maxTokens, Predicate<Beam> ends) {
    this.search = search;
    this.considered = Math.max(2, 1 + stopTokens) * search.width();
    this.maxTokens = maxTokens;
    this.ends = ends;
  }

  /** Number of likeliest continuations of each beam that may be selected. */
  public int considered() {
    return considered;
  }

  /** The beams that run on, best first. */
  public List<Beam> running() {
    return running;
  }

  /** The beams to report, best first; final once {@link #advance} has returned false. */
  public List<Beam> results() {
    return finished.subList(0, Math.min(search.results(), finished.size()));
  }

  /**
   * Selects among continuations.
   *
   * @param continuations of each running beam, in their order, the likeliest first
   * @return whether the search goes on
   */
  public boolean advance(List<List<Beam>> continuations) {
    List<Beam> likeliest =
        continuations.stream()
            .flatMap(List::stream)
            .sorted(Comparator.comparingDouble(Beam::sum).reversed())
            .limit(considered)
            .toList();
    List<Beam> next = new ArrayList<>();
    List<Beam> ended = new ArrayList<>(finished);
    for (int rank = 0; rank < likeliest.size(); rank++) {
      Beam beam = likeliest.get(rank);
      if (!ends.test(beam)) {
        next.add(beam);
      } else if (rank < search.width()) {
        ended.add(beam);
      }
    }
    running = List.copyOf(next.subList(0, Math.min(search.width(), next.size())));
    finished =
        ended.stream()
            .sorted(Comparator.comparingDouble(this::scoreOf).reversed())
            .limit(search.width())
            .toList();
    return !running.isEmpty() && (finished.size() < search.width() || mayImprove());
  }

  /** Returns whether a running beam may still become better than a finished one, when all have. */
  private boolean mayImprove() {
    if (search.earlyStopping() == BeamSearch.EarlyStopping.FULL) {
      return false;
    }
    Beam best = running.get(0);
    boolean longest =
        search.earlyStopping() == BeamSearch.EarlyStopping.NEVER && search.lengthPenalty() > 0;
    double possible = score(best.sum(), longest ? maxTokens : best.length());
    return possible > scoreOf(finished.get(finished.size() - 1));
  }

  private double scoreOf(Beam beam) {
    return score(beam.sum(), beam.length());
  }

  private double score(double sum, int length) {
    return sum / StrictMath.pow(length, search.lengthPenalty());
  }
}
