package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.engine.search.BeamSelection;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A running beam search. */
public final class BeamGroup extends SearchGroup {
  private final BeamSelection selection;
  private final BeamTexts texts;
  private final Map<Beam, List<Beam>> continuations = new HashMap<>();

  BeamGroup(BeamSearch search, List<Sequence> slots, Gpt2Tokenizer tokenizer) {
    super(search, slots);
    this.selection =
        new BeamSelection(
            search, request().stopTokenIds().size(), request().maxTokens(), this::ends);
    this.texts = new BeamTexts(request(), tokenizer);
  }

  private boolean ends(Beam beam) {
    return beam.length() == request().maxTokens()
        || request().stopTokenIds().contains(beam.token())
        || texts.stop(beam);
  }

  @Override
  boolean needsStates() {
    return false;
  }

  /** Number of likeliest continuations of a beam that may be selected. */
  public int considered() {
    return selection.considered();
  }

  /** The finished beams that are reported, best first, once the search has ended. */
  public List<Beam> results() {
    return selection.results();
  }

  /**
   * Takes the likeliest continuations of a running beam. With those of the last one the search goes
   * on or ends.
   *
   * @return the copies of keys and values that must be made before the next step
   */
  public List<SlotCopy> add(Beam beam, List<Beam> likeliest) {
    continuations.put(beam, likeliest);
    if (continuations.size() < selection.running().size()) {
      return List.of();
    }
    List<List<Beam>> inOrder = selection.running().stream().map(continuations::get).toList();
    continuations.clear();
    if (selection.advance(inOrder)) {
      texts.retain(selection.running());
      return run(selection.running());
    }
    end();
    return List.of();
  }
}
