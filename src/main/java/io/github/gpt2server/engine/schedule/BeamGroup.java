package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.beam.Beam;
import io.github.gpt2server.engine.beam.BeamSelection;
import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.StopStringMatcher;
import io.github.gpt2server.tokenizer.TextDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A running beam search: its slots, each with a {@link Sequence}, and which beam runs in which. The
 * first slot reads the prompt. Once the next tokens of all running beams are computed, the first
 * selected continuation of a beam runs on in its slot, and further ones in free slots: these get
 * the keys and values of the tokens in which they differ. Engine thread only.
 */
public final class BeamGroup {
  private final SequenceRequest request;
  private final BeamSearch search;
  private final BeamSelection selection;
  private final List<Sequence> slots;
  private final Map<Beam, List<Beam>> continuations = new HashMap<>();

  /** The beam that runs in each slot, or null. */
  private Beam[] running;

  /** The beam whose tokens the KV cache holds in each slot, or null. */
  private final Beam[] held;

  /**
   * Creates a search.
   *
   * @param slots sequences of the same request, as many as the search is wide; the first ones
   *     report the results
   */
  BeamGroup(BeamSearch search, List<Sequence> slots, Gpt2Tokenizer tokenizer) {
    this.search = search;
    this.slots = List.copyOf(slots);
    this.request = slots.get(0).request();
    this.selection =
        new BeamSelection(
            search,
            request.stopTokenIds().size(),
            request.maxTokens(),
            beam -> ends(beam, tokenizer));
    this.running = new Beam[slots.size()];
    this.held = new Beam[slots.size()];
    running[0] = Beam.START;
  }

  /** Has the first slot read the prompt and the others wait. */
  void begin() {
    for (int slot = 0; slot < running.length; slot++) {
      slots.get(slot).join(this, running[slot] != null);
    }
  }

  private boolean ends(Beam beam, Gpt2Tokenizer tokenizer) {
    return beam.length() == request.maxTokens()
        || request.stopTokenIds().contains(beam.token())
        || (!request.stopStrings().isEmpty() && hasStopString(beam, tokenizer));
  }

  private boolean hasStopString(Beam beam, Gpt2Tokenizer tokenizer) {
    TextDecoder decoder = new TextDecoder();
    StopStringMatcher stops =
        new StopStringMatcher(request.stopStrings(), request.includeStopString());
    for (Beam each : beam.path()) {
      if (!tokenizer.special(each.token())) {
        String text = decoder.append(tokenizer.bytes(each.token()));
        if (each.length() > request.sampling().minTokens()) {
          stops.append(text);
        }
      }
    }
    return stops.matched().isPresent();
  }

  /** Number of likeliest continuations of a beam that may be selected. */
  public int considered() {
    return selection.considered();
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
    for (int slot = 0; slot < running.length; slot++) {
      held[slot] = running[slot] == null ? held[slot] : running[slot];
    }
    if (selection.advance(inOrder)) {
      return place();
    }
    slots.forEach(Sequence::leave);
    return List.of();
  }

  /** Gives each running beam a slot, where it can that of the beam which it continues. */
  private List<SlotCopy> place() {
    List<Beam> before = Arrays.asList(running);
    running = new Beam[running.length];
    List<Beam> others = new ArrayList<>();
    for (Beam beam : selection.running()) {
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
