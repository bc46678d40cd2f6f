package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenOffsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The log-probabilities of a choice's tokens in OpenAI's format. They are released together with
 * the text: a token that may be the beginning of a stop string is held back like its text.
 */
final class LogprobsBuilder {
  private final Gpt2Tokenizer tokenizer;
  private final TokenKeys keys;
  private final Logprobs wanted;
  private final int promptLength;
  private final TokenOffsets generated = new TokenOffsets();
  private List<Entry> waiting = new ArrayList<>();

  private record Entry(String token, Float logprob, TopLogprobs top, int offset) {}

  /**
   * @param promptLength the prompt's length in code points, where the generated text begins
   */
  LogprobsBuilder(Gpt2Tokenizer tokenizer, Logprobs wanted, int promptLength) {
    this.tokenizer = tokenizer;
    this.keys = TokenKeys.of(tokenizer);
    this.wanted = wanted;
    this.promptLength = promptLength;
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
    add(token, logprobs, promptLength + generated.next(bytes));
  }

  private void add(int token, TokenLogprobs logprobs, int offset) {
    String name = tokenizer.token(token);
    waiting.add(
        logprobs == null
            ? new Entry(name, null, null, offset)
            : new Entry(
                name,
                logprobs.logprob(),
                new TopLogprobs(keys, token, logprobs, wanted.tokenIds()),
                offset));
  }

  /**
   * Removes and returns the tokens that begin before a position of the text.
   *
   * @param end the position, in code points from the start of the prompt
   */
  CompletionResponse.Logprobs takeBefore(int end) {
    int count = 0;
    while (count < waiting.size() && waiting.get(count).offset() < end) {
      count++;
    }
    return take(count);
  }

  /** Removes and returns all remaining tokens. */
  CompletionResponse.Logprobs takeAll() {
    return take(waiting.size());
  }

  private CompletionResponse.Logprobs take(int count) {
    List<Entry> taken = waiting.subList(0, count);
    CompletionResponse.Logprobs logprobs = CompletionResponse.Logprobs.empty();
    for (Entry entry : taken) {
      logprobs.tokens().add(entry.token());
      logprobs.tokenLogprobs().add(entry.logprob());
      logprobs.topLogprobs().add(entry.top());
      logprobs.textOffset().add(entry.offset());
    }
    waiting = new ArrayList<>(waiting.subList(count, waiting.size()));
    return logprobs;
  }
}
