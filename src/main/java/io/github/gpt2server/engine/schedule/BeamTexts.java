package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.StopStringMatcher;
import io.github.gpt2server.tokenizer.TextDecoder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks for stop strings in the texts of beams. A continuation is decoded from where the beam that
 * it continues has ended.
 */
final class BeamTexts {
  private final SequenceRequest request;
  private final Gpt2Tokenizer tokenizer;
  private final Map<Beam, Text> texts = new HashMap<>();

  /** The state after a beam's text. */
  private record Text(TextDecoder decoder, StopStringMatcher stops) {
    Text copy() {
      return new Text(decoder.copy(), stops.copy());
    }
  }

  /** Creates the texts of a search that has not begun. */
  BeamTexts(SequenceRequest request, Gpt2Tokenizer tokenizer) {
    this.request = request;
    this.tokenizer = tokenizer;
    texts.put(
        Beam.START,
        new Text(
            new TextDecoder(),
            new StopStringMatcher(request.stopStrings(), request.includeStopString())));
  }

  /** Returns whether the last token of a continuation completes a stop string. */
  boolean stop(Beam continuation) {
    if (request.stopStrings().isEmpty()) {
      return false;
    }
    Text text = texts.get(continuation.before()).copy();
    texts.put(continuation, text);
    if (!tokenizer.special(continuation.token())) {
      String more = text.decoder().append(tokenizer.bytes(continuation.token()));
      if (continuation.length() > request.sampling().minTokens()) {
        text.stops().append(more);
      }
    }
    return text.stops().matched().isPresent();
  }

  /** Forgets all texts but those of the beams that run on. */
  void retain(List<Beam> running) {
    texts.keySet().retainAll(Set.copyOf(running));
  }
}
