package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.ContrastiveSearch;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.TextSearch;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.engine.search.BeamEdits;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A running search: its slots, each with a {@link Sequence}, and which beam runs in which. The
 * first slot reads the prompt. Once the next tokens of all running beams are computed, the first
 * selected continuation of a beam runs on in its slot, and further ones in free slots: these get
 * the keys and values of the tokens in which they differ. Engine thread only.
 */
public abstract sealed class SearchGroup permits BeamGroup, ContrastiveGroup {
  private final TextSearch search;
  private final SequenceRequest request;
  private final List<Sequence> slots;
  private final BeamEdits edits;

  /** The beam that runs in each slot, or null. */
  private Beam[] running;

  /** The beam whose tokens the KV cache holds in each slot, or null. */
  private final Beam[] held;

  SearchGroup(TextSearch search, List<Sequence> slots) {
    this.search = search;
    this.slots = List.copyOf(slots);
    this.request = slots.get(0).request();
    this.edits = new BeamEdits(request);
    this.running = new Beam[slots.size()];
    this.held = new Beam[slots.size()];
    running[0] = Beam.START;
  }

  /**
   * Begins a search: the first slot reads the prompt, and the others wait.
   *
   * @param slots sequences of the same request, as many as the search is wide; the first ones
   *     report the results
   */
  static void begin(TextSearch search, List<Sequence> slots, Gpt2Tokenizer tokenizer) {
    SearchGroup group =
        search instanceof BeamSearch beams
            ? new BeamGroup(beams, slots, tokenizer)
            : new ContrastiveGroup((ContrastiveSearch) search, slots);
    for (int slot = 0; slot < slots.size(); slot++) {
      slots.get(slot).join(group, group.running[slot] != null);
    }
  }

  /** Returns whether the hidden states of all tokens are needed. */
  abstract boolean needsStates();

  SequenceRequest request() {
    return request;
  }

  /** The edits of the logits after a beam. */
  public BeamEdits edits() {
    return edits;
  }

  /** The beam that runs in the slot of a sequence. */
  public Beam beam(Sequence sequence) {
    return running[slots.indexOf(sequence)];
  }

  /** The sequences that report the results, best first. */
  public List<Sequence> reporting() {
    return slots.subList(0, search.results());
  }

  /** The sequences that report nothing. */
  public List<Sequence> others() {
    return slots.subList(search.results(), slots.size());
  }

  /** Ends the search: nothing more is computed. */
  public void end() {
    slots.forEach(Sequence::leave);
  }

  /**
   * Gives each of the next beams a slot, where it can that of the beam which it continues. All that
   * ran have been computed.
   *
   * @return the copies of keys and values that must be made before the next step
   */
  List<SlotCopy> run(List<Beam> beams) {
    for (int slot = 0; slot < running.length; slot++) {
      held[slot] = running[slot] == null ? held[slot] : running[slot];
    }
    List<Beam> before = Arrays.asList(running);
    running = new Beam[running.length];
    List<Beam> others = new ArrayList<>();
    for (Beam beam : beams) {
      int slot = before.indexOf(beam.before());
      if (running[slot] == null) {
        running[slot] = beam;
      } else {
        others.add(beam);
      }
    }
    List<SlotCopy> copies = new ArrayList<>();
    for (Beam beam : others) {
      int slot = Arrays.asList(running).indexOf(null);
      running[slot] = beam;
      copies.add(copy(beam.before(), before.indexOf(beam.before()), slot));
    }
    for (int slot = 0; slot < running.length; slot++) {
      slots.get(slot).run(running[slot]);
    }
    return copies;
  }

  private SlotCopy copy(Beam beam, int from, int to) {
    int prompt = request.prompt().length;
    int start = held[to] == null ? 0 : prompt + beam.shared(held[to]);
    held[to] = beam;
    return new SlotCopy(
        slots.get(from).slot(), slots.get(to).slot(), start, prompt + beam.length());
  }
}
