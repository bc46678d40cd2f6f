package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenOffsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The log-probabilities of a choice's tokens. They are released together with the text: a token
 * that may be the beginning of a stop string is held back like its text.
 */
final class LogprobsBuilder {
  private final Gpt2Tokenizer tokenizer;
  private final int promptLength;
  private PromptTokens.HealedToken healed;
  private final TokenOffsets generated = new TokenOffsets();
  private List<ReportedToken> waiting = new ArrayList<>();

  /**
   * @param promptLength the prompt's length in code points, where the generated text begins
   * @param healed the prompt's last token, if the first generated one begins with it; else null
   */
  LogprobsBuilder(Gpt2Tokenizer tokenizer, int promptLength, PromptTokens.HealedToken healed) {
    this.tokenizer = tokenizer;
    this.promptLength = promptLength;
    this.healed = healed;
  }

  /** Adds the prompt's tokens; the first has no probability because no token precedes it. */
  void addPrompt(PromptTokens prompt, List<TokenLogprobs> logprobs) {
    for (int i = 0; i < prompt.ids().length; i++) {
      add(prompt.ids()[i], i == 0 ? null : logprobs.get(i - 1), prompt.offsets()[i]);
    }
  }

  /**
   * Adds a generated token.
   *
   * @param addsText whether the token's text is part of the choice's
   */
  void addGenerated(int token, TokenLogprobs logprobs, boolean addsText) {
    byte[] bytes = addsText ? tokenizer.bytes(token) : new byte[0];
    if (healed == null) {
      add(token, logprobs, promptLength + generated.next(bytes));
      return;
    }
    // It begins in the prompt, and the text with what it adds.
    add(token, logprobs, healed.offset());
    if (addsText) {
      generated.next(Arrays.copyOfRange(bytes, healed.bytes().length, bytes.length));
    }
    healed = null;
  }

  private void add(int token, TokenLogprobs logprobs, int offset) {
    waiting.add(new ReportedToken(token, logprobs, offset));
  }

  /**
   * Removes and returns the tokens that begin before a position of the text.
   *
   * @param end the position, in code points from the start of the prompt
   */
  List<ReportedToken> takeBefore(int end) {
    int count = 0;
    while (count < waiting.size() && waiting.get(count).offset() < end) {
      count++;
    }
    return take(count);
  }

  /** Removes and returns all remaining tokens. */
  List<ReportedToken> takeAll() {
    return take(waiting.size());
  }

  private List<ReportedToken> take(int count) {
    List<ReportedToken> taken = List.copyOf(waiting.subList(0, count));
    waiting = new ArrayList<>(waiting.subList(count, waiting.size()));
    return taken;
  }
}
