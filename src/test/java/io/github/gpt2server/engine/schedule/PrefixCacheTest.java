package io.github.gpt2server.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.List;
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
    cache.retain(List.of(first));
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
    cache.retain(List.of(sequence));
    assertThat(cache.restore(sequence(1, 100))).isEqualTo(32);
    sequence.advance(100);
    cache.retain(List.of(sequence));
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
      cache.retain(List.of(sequence));
    }
    cache.retainEnded(sequence);
    Sequence next = RequestBuilder.request(text, 5).reusingPrompt().inSlot(2);
    // The last generated token has not been computed.
    assertThat(cache.restore(next)).isEqualTo(49);
  }

  /** Blocks of 32 tokens that eight sequences fill in the same step are copied one in each step. */
  @Test
  void sequencesThatFillTheirBlocksTogetherDoNotCopyThemTogether() {
    FakeModel wide = new FakeModel(8, 512, 16);
    PrefixCache shared = new PrefixCache(wide);
    List<Sequence> sequences =
        IntStream.range(0, 8)
            .mapToObj(
                slot -> RequestBuilder.request(new int[] {slot}, 100).reusingPrompt().inSlot(slot))
            .toList();
    sequences.forEach(sequence -> sequence.advance(1));
    shared.retain(sequences);
    assertThat(sequences).allMatch(sequence -> sequence.retained() == 1);

    for (int i = 0; i < 31; i++) {
      sequences.forEach(sequence -> sequence.append(300, null, TOKENIZER));
      shared.retain(sequences);
      assertThat(sequences).allMatch(sequence -> sequence.retained() == 1);
    }
    sequences.forEach(sequence -> sequence.append(300, null, TOKENIZER));
    for (int step = 1; step <= 8; step++) {
      shared.retain(sequences);
      assertThat(sequences.stream().filter(sequence -> sequence.retained() == 32)).hasSize(step);
    }

    shared.retainEnded(sequences.get(0));
    assertThat(sequences.get(0).retained()).isEqualTo(32);
  }

  @Test
  void scoresAreComputedFromTheTokenBeforeTheFirstScoredOne() {
    cache.retain(List.of(read(0, 100)));
    Sequence scored =
        RequestBuilder.request(IntStream.range(0, 100).toArray(), 0)
            .promptProbabilities(PromptProbabilities.scoredFrom(40, 1))
            .reuse(PrefixReuse.first(60))
            .inSlot(1);
    assertThat(cache.restore(scored)).isEqualTo(39);
    scored.advance(100);
    cache.retainEnded(scored);
    assertThat(scored.retained()).isEqualTo(60);
  }

  @Test
  void aCopyThatFailsEmptiesTheCacheAndThePromptIsComputed() {
    cache.retain(List.of(read(0, 100)));
    model.copyingFails = true;
    Sequence same = sequence(1, 100);
    assertThat(cache.restore(same)).isZero();
    assertThat(same.prefilled()).isZero();
    model.copyingFails = false;
    assertThat(cache.restore(sequence(1, 100))).isZero();
    model.copyingFails = true;
    cache.retain(List.of(read(2, 100)));
    model.copyingFails = false;
    assertThat(cache.restore(sequence(1, 100))).isZero();
    assertThat(cache.status().usage()).isZero();
  }

  @Test
  void whatFailedIsForgotten() {
    Sequence failed = read(0, 100);
    cache.retain(List.of(failed));
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
