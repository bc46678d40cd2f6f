package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.ContrastiveSearch;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.ExcludedTokensException;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.NaiveContrastiveSearch;
import io.github.gpt2server.testing.NaiveRules;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Contrastive search in the engine on a fake model, compared with a plain restatement. */
@Timeout(60)
class ContrastiveSearchTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Random random = new Random(13);
  private FakeModel model;
  private Engine engine;

  private void start(int slots) throws Exception {
    model = new FakeModel(slots, 512, 6);
    model.spread = true;
    model.peak = 4;
    engine = Engine.start(() -> model, TOKENIZER, EngineSettings.withQueue(1000));
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void textsAreThoseOfAPlainRestatementWhileOthersRun() throws Exception {
    start(9);
    FakeModel alone = new FakeModel(1, 512);
    alone.spread = true;
    alone.peak = 4;
    List<GenerationHandle> searches = new ArrayList<>();
    List<GenerationHandle> others = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      searches.add(engine.submit(anySearch()));
      int[] prompt = prompt(80);
      others.add(
          engine.submit(
              new Generation(
                  "one",
                  List.of(RequestBuilder.request(prompt, 1 + random.nextInt(20)).build()),
                  LONG,
                  false)));
    }
    int unlikely = 0;
    int changed = 0;
    int excluded = 0;
    for (GenerationHandle handle : searches) {
      SequenceRequest request = handle.generation().sequences().get(0);
      ContrastiveSearch search = (ContrastiveSearch) handle.generation().search();
      NaiveContrastiveSearch naive =
          new NaiveContrastiveSearch(
              search.width(),
              search.penalty(),
              request.maxTokens(),
              request.sampling().minTokens(),
              request.stopTokenIds());
      NaiveRules rules = NaiveRules.of(request.prompt(), request.sampling());
      List<Integer> prompt = IntStream.of(request.prompt()).boxed().toList();
      List<Integer> free = naive.search(prompt, text -> read(alone, text));
      List<Integer> expected = naive.search(prompt, text -> read(alone, text), rules::edit);
      if (handle.awaitEnd(LONG) && handle.failure() instanceof ExcludedTokensException) {
        assertThat(expected).as("tokens before none is left").endsWith(-1);
        excluded++;
        continue;
      }
      assertThat(GeneratedTokens.of(handle)).isEqualTo(expected);
      unlikely += free.get(0).equals(FakeModel.continuation(request.prompt(), 1).get(0)) ? 0 : 1;
      changed += free.equals(expected) ? 0 : 1;
    }
    assertThat(unlikely).as("first tokens that are not the likeliest").isGreaterThan(10);
    assertThat(changed).as("texts that the rules change").isGreaterThan(20);
    assertThat(excluded).as("texts that the rules end").isGreaterThan(0);
    for (GenerationHandle other : others) {
      assertThat(GeneratedTokens.of(other)).isNotEmpty();
    }
    assertIdle();
  }

  private Generation anySearch() {
    int[] prompt = prompt(60);
    int maxTokens = 1 + random.nextInt(12);
    Set<Integer> stops = random.ints(200, 0, 900).boxed().collect(Collectors.toSet());
    return search(
        new ContrastiveSearch(2 + random.nextInt(6), 0.1 + 0.9 * random.nextDouble()),
        request(
            prompt,
            maxTokens,
            RandomRules.parameters(
                random,
                prompt,
                random.nextInt(2) * random.nextInt(maxTokens + 1),
                random.nextInt(3) == 0),
            stops));
  }

  private static NaiveContrastiveSearch.Reading read(FakeModel model, List<Integer> tokens) {
    int[] text = tokens.stream().mapToInt(Integer::intValue).toArray();
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, text, 0)), true);
    try (StepResult result = model.step(plan)) {
      int last = text.length - 1;
      float[] logits = new float[FakeModel.VOCAB];
      result.logits(last).get(0, logits);
      return new NaiveContrastiveSearch.Reading(
          logits, IntStream.range(0, text.length).mapToObj(result::state).toList());
    }
  }

  @Test
  void tokensCopyTheLastPositionAlone() throws Exception {
    start(4);
    model.plans.clear();
    int[] prompt = prompt(60);
    GenerationHandle handle =
        engine.submit(search(new ContrastiveSearch(4, 0.6), request(prompt, 10)));
    assertThat(GeneratedTokens.of(handle)).hasSize(10);
    assertThat(model.plans.stream().mapToInt(StepPlan::decodeRows).sum()).isEqualTo(40);
    assertThat(model.plans.stream().mapToInt(StepPlan::promptTokens).sum())
        .isEqualTo(prompt.length);
    assertThat(model.plans).allMatch(StepPlan::states);
  }

  @Test
  void tokensComeOneAfterTheOtherAndCancellingFreesAllSlots() throws Exception {
    start(4);
    model.permits = new Semaphore(0);
    GenerationHandle handle =
        engine.submit(
            new Generation(
                "stream",
                List.of(request(new int[] {1, 2, 3}, 400)),
                LONG,
                true,
                "",
                new ContrastiveSearch(3, 0.5)));
    model.permits.release(3);
    assertThat(handle.poll(LONG)).isPresent();
    assertThat(handle.poll(LONG)).isPresent();
    assertThat(engine.status().running()).isEqualTo(3);
    handle.cancel();
    model.permits.release(10_000);
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.CANCELLED);
    assertIdle();
  }

  private static SequenceRequest request(int[] prompt, int maxTokens) {
    return request(prompt, maxTokens, SamplingParameters.GREEDY, Set.of());
  }

  private static SequenceRequest request(
      int[] prompt, int maxTokens, SamplingParameters sampling, Set<Integer> stops) {
    return new SequenceRequest(
        prompt,
        maxTokens,
        sampling,
        stops,
        List.of(),
        false,
        PromptProbabilities.NONE,
        Logprobs.top(0),
        PrefixReuse.first(prompt.length));
  }

  private static Generation search(ContrastiveSearch search, SequenceRequest request) {
    return new Generation("contrastive", List.of(request), LONG, false, "", search);
  }

  private int[] prompt(int longest) {
    return random.ints(1 + random.nextInt(longest), 0, 900).toArray();
  }

  private void assertIdle() throws InterruptedException {
    assertThat(engine.awaitIdle(LONG)).isTrue();
    assertThat(engine.status().running()).isZero();
    assertThat(engine.status().waiting()).isZero();
    assertThat(engine.status().kvCacheUsage()).isZero();
  }
}
