package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.ContrastiveSearch;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.engine.search.Candidate;
import io.github.gpt2server.engine.search.HiddenStates;
import io.github.gpt2server.model.SlotCopy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A running contrastive search. Its beams are the candidates for the next token, each of which is
 * computed as if it were selected; the candidates after the selected one then take their place.
 */
public final class ContrastiveGroup extends SearchGroup {
  private final ContrastiveSearch search;
  private final HiddenStates states = new HiddenStates();
  private final Map<Beam, Computed> computed = new HashMap<>();
  private List<Candidate> candidates = List.of(new Candidate(Beam.START, 1));

  /** What the model computes from a candidate: its hidden state, and what may follow. */
  private record Computed(float[] state, List<Candidate> next) {}

  ContrastiveGroup(ContrastiveSearch search, List<Sequence> slots) {
    super(search, slots);
    this.search = search;
  }

  @Override
  boolean needsStates() {
    return true;
  }

  /** Number of candidates. */
  public int width() {
    return search.width();
  }

  /** Takes the hidden state of the prompt's next token. */
  public void read(float[] state) {
    states.add(state);
  }

  /**
   * Takes what was computed of a candidate; before the first token, of the prompt.
   *
   * @param next the likeliest tokens after it
   * @return the selected candidate, once all are computed, and before null; of the prompt {@link
   *     Beam#START}
   */
  public Beam add(Beam candidate, float[] state, List<Candidate> next) {
    computed.put(candidate, new Computed(state, next));
    if (computed.size() < candidates.size()) {
      return null;
    }
    Beam selected = candidates.size() == 1 ? candidates.get(0).beam() : select();
    if (selected != Beam.START) {
      states.add(computed.get(selected).state());
    }
    candidates = computed.get(selected).next();
    computed.clear();
    return selected;
  }

  private Beam select() {
    Beam best = null;
    double highest = Double.NEGATIVE_INFINITY;
    for (Candidate candidate : candidates) {
      double score =
          (1 - search.penalty()) * candidate.probability()
              - search.penalty() * states.similarity(computed.get(candidate.beam()).state());
      if (score > highest) {
        highest = score;
        best = candidate.beam();
      }
    }
    return best;
  }

  /**
   * Computes the candidates after the selected one next.
   *
   * @return the copies of keys and values that must be made before the next step
   */
  public List<SlotCopy> goOn() {
    return run(candidates.stream().map(Candidate::beam).toList());
  }
}
