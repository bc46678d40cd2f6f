package io.github.gpt2server.engine.search;

import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.sampling.LogitEdits;

/**
 * The edits of the logits after each beam of a search. One history of tokens serves all: it is
 * rewound to where two beams part.
 */
public final class BeamEdits {
  private final LogitEdits edits;
  private Beam beam = Beam.START;

  /** Creates the edits of a request's search. */
  public BeamEdits(SequenceRequest request) {
    edits = new LogitEdits(request.sampling(), request.prompt(), request.stopTokenIds());
  }

  /** The edits of the logits after a beam, until the next call. */
  LogitEdits after(Beam next) {
    int shared = beam.shared(next);
    edits.rewind(shared);
    next.path(shared).forEach(each -> edits.accept(each.token()));
    beam = next;
    return edits;
  }
}
