package io.github.gpt2server.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));

  private final FakeModel model = new FakeModel(4, 512, 8);
  private final PrefixCache cache = new PrefixCache(model);

  @Test
  void whatAPromptBeginsWithComesFromTheCache() {
    Sequence first = read(0, 100);
    cache.retain(first, false);
    Sequence same = sequence(1, 100);
    // The last one's logits are needed.
    assertThat(cache.restore(same)).isEqualTo(99);
    assertThat(same.cachedTokens()).isEqualTo(99);
    assertThat(same.prefilled()).isEqualTo(99);
    assertThat(cache.restore(sequence(1, 70))).isEqualTo(69);
    assertThat(cache.restore(sequence(1, 130))).isEqualTo(100);
    assertThat(cache.status().queriedTokens()).isEqualTo(99 + 69 + 129);
    assertThat(cache.status().hitTokens()).isEqualTo(99 + 69 + 100);
  }

  @Test
  void partsOfAPromptAreRetainedInWholeBlocks() {
    Sequence sequence = sequence(0, 100);
    sequence.advance(50);
    cache.retain(sequence, false);
    assertThat(cache.restore(sequence(1, 100))).isEqualTo(32);
    sequence.advance(100);
    cache.retain(sequence, false);
    assertThat(cache.restore(sequence(1, 110))).isEqualTo(100);
  }

  /** What a reader sees of a text is the beginning of the next prompt of a chat. */
  @Test
  void generatedTokensAreRetainedToo() {
    Sequence sequence = read(0, 20);
    int[] text = new int[60];
    System.arraycopy(sequence.request().prompt(), 0, text, 0, 20);
    for (int i = 20; i < 50; i++) {
      text[i] = 300 + i;
      sequence.append(text[i], null, TOKENIZER);
      cache.retain(sequence, i == 49);
    }
    Sequence next = RequestBuilder.request(text, 5).reusingPrompt().inSlot(2);
    // The last generated token has not been computed.
    assertThat(cache.restore(next)).isEqualTo(49);
  }

  @Test
  void scoresAreComputedFromTheTokenBeforeTheFirstScoredOne() {
    cache.retain(read(0, 100), false);
    Sequence scored =
        RequestBuilder.request(IntStream.range(0, 100).toArray(), 0)
            .promptProbabilities(PromptProbabilities.scoredFrom(40, 1))
            .reuse(PrefixReuse.first(60))
            .inSlot(1);
    assertThat(cache.restore(scored)).isEqualTo(39);
    scored.advance(100);
    cache.retain(scored, true);
    assertThat(scored.retained()).isEqualTo(60);
  }

  @Test
  void aCopyThatFailsEmptiesTheCacheAndThePromptIsComputed() {
    cache.retain(read(0, 100), false);
    model.copyingFails = true;
    Sequence same = sequence(1, 100);
    assertThat(cache.restore(same)).isZero();
    assertThat(same.prefilled()).isZero();
    model.copyingFails = false;
    assertThat(cache.restore(sequence(1, 100))).isZero();
    model.copyingFails = true;
    cache.retain(read(2, 100), false);
    model.copyingFails = false;
    assertThat(cache.restore(sequence(1, 100))).isZero();
    assertThat(cache.status().usage()).isZero();
  }

  @Test
  void whatFailedIsForgotten() {
    Sequence failed = read(0, 100);
    cache.retain(failed, false);
    cache.forget(failed);
    assertThat(cache.restore(sequence(1, 100))).isZero();
  }

  private static Sequence read(int slot, int length) {
    Sequence sequence = sequence(slot, length);
    sequence.advance(length);
    return sequence;
  }

  private static Sequence sequence(int slot, int length) {
    return RequestBuilder.request(IntStream.range(0, length).toArray(), 100)
        .reusingPrompt()
        .inSlot(slot);
  }
}
