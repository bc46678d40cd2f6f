package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.BeamSearch.EarlyStopping;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TooFewTextsException;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.NaiveBeamSearch;
import io.github.gpt2server.testing.NaiveRules;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Beam search in the engine on a fake model, compared with a plain restatement. */
@Timeout(60)
class BeamSearchTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Random random = new Random(11);
  private FakeModel model;
  private Engine engine;

  private void start(int slots, int maxQueue) throws Exception {
    model = new FakeModel(slots, 512, 6);
    model.spread = true;
    engine = Engine.start(() -> model, TOKENIZER, EngineSettings.withQueue(maxQueue));
  }

  @AfterEach
  void close() {
    engine.close();
  }

  /** A text that a search has found. */
  private record Found(
      List<Integer> tokens, List<Float> logprobs, String text, FinishReason reason, Object stop) {}

  @Test
  void searchesFindWhatAPlainRestatementFindsWhileOthersRun() throws Exception {
    start(9, 1000);
    Map<Integer, Generation> searches =
        IntStream.range(0, 120).boxed().collect(Collectors.toMap(i -> i, i -> anySearch()));
    List<GenerationHandle> handles = new ArrayList<>();
    List<GenerationHandle> others = new ArrayList<>();
    searches.forEach(
        (i, search) -> {
          handles.add(engine.submit(search));
          others.add(engine.submit(one(greedy(prompt(50), 1 + random.nextInt(20)))));
        });
    int endedEarly = 0;
    int changed = 0;
    int tooFew = 0;
    for (GenerationHandle handle : handles) {
      Generation generation = handle.generation();
      if (handle.awaitEnd(LONG) && handle.failure() instanceof TooFewTextsException few) {
        assertThat(fewest(generation)).isEqualTo(few.found()).isLessThan(few.wanted());
        tooFew++;
        continue;
      }
      List<Found> found = found(handle);
      for (int first = 0; first < found.size(); first += generation.search().results()) {
        SequenceRequest request = generation.sequences().get(first);
        List<NaiveBeamSearch.Text> expected = naive((BeamSearch) generation.search(), request);
        for (int i = 0; i < generation.search().results(); i++) {
          Found each = found.get(first + i);
          assertThat(each.tokens()).isEqualTo(expected.get(i).tokens());
          assertThat(each.logprobs()).isEqualTo(expected.get(i).logprobs());
          endedEarly += each.tokens().size() < request.maxTokens() ? 1 : 0;
        }
        List<NaiveBeamSearch.Text> free =
            naive((BeamSearch) generation.search(), request, (generated, scores) -> scores);
        changed += free.get(0).tokens().equals(expected.get(0).tokens()) ? 0 : 1;
      }
    }
    assertThat(endedEarly).isGreaterThan(40);
    assertThat(changed).as("searches whose best text the rules change").isGreaterThan(30);
    assertThat(tooFew).as("searches to which the rules leave too few texts").isGreaterThan(0);
    for (GenerationHandle other : others) {
      assertThat(GeneratedTokens.of(other)).isNotEmpty();
    }
    assertIdle();
  }

  private Generation anySearch() {
    int width = 2 + random.nextInt(6);
    BeamSearch beams =
        new BeamSearch(
            width,
            1 + random.nextInt(width),
            List.of(1.0, 0.0, 2.0, -0.5, 0.6).get(random.nextInt(5)),
            List.of(EarlyStopping.FULL, EarlyStopping.UNLIKELY, EarlyStopping.NEVER)
                .get(random.nextInt(3)));
    // In some searches few tokens are allowed, so that n-grams repeat.
    boolean few = random.nextInt(3) == 0;
    Set<Integer> stops =
        random.ints(random.nextInt(60), 0, FakeModel.VOCAB).boxed().collect(Collectors.toSet());
    int maxTokens = 1 + random.nextInt(12);
    int minTokens = random.nextInt(2) * random.nextInt(maxTokens + 1);
    List<String> strings = random.nextBoolean() ? List.of() : List.of("a", "the", "e s");
    List<SequenceRequest> sequences = new ArrayList<>();
    for (int prompts = 1 + random.nextInt(2); prompts > 0; prompts--) {
      int[] prompt = prompt(80);
      SequenceRequest request =
          new SequenceRequest(
              prompt,
              maxTokens,
              RandomRules.parameters(random, prompt, minTokens, few),
              stops,
              strings,
              false,
              PromptProbabilities.NONE,
              Logprobs.top(random.nextInt(3)),
              PrefixReuse.first(prompt.length));
      for (int i = 0; i < beams.results(); i++) {
        sequences.add(request);
      }
    }
    return new Generation("beams", sequences, LONG, false, "", beams);
  }

  /** The number of texts that the restatement finds, of the prompt with the fewest. */
  private static int fewest(Generation generation) {
    return generation.sequences().stream()
        .distinct()
        .mapToInt(
            request ->
                (int)
                    naive((BeamSearch) generation.search(), request).stream()
                        .filter(NaiveBeamSearch.Text::finished)
                        .count())
        .min()
        .orElseThrow();
  }

  private static List<NaiveBeamSearch.Text> naive(BeamSearch beams, SequenceRequest request) {
    return naive(beams, request, NaiveRules.of(request.prompt(), request.sampling())::edit);
  }

  /** What the restatement finds on a model of its own, one text at a time. */
  private static List<NaiveBeamSearch.Text> naive(
      BeamSearch beams,
      SequenceRequest request,
      BiFunction<List<Integer>, float[], float[]> rules) {
    FakeModel alone = new FakeModel(1, 512);
    alone.spread = true;
    return new NaiveBeamSearch(
            beams.width(),
            request.maxTokens(),
            request.sampling().minTokens(),
            request.stopTokenIds(),
            tokens -> hasStop(request, tokens),
            beams.lengthPenalty(),
            switch (beams.earlyStopping()) {
              case FULL -> "true";
              case UNLIKELY -> "false";
              case NEVER -> "never";
            })
        .search(tokens -> logprobs(alone, request.prompt(), tokens), rules);
  }

  /** Stop strings begin after the tokens that must be generated. */
  private static boolean hasStop(SequenceRequest request, List<Integer> tokens) {
    int from = Math.min(tokens.size(), request.sampling().minTokens());
    String text =
        TOKENIZER.decode(
            tokens.stream()
                .skip(from)
                .mapToInt(Integer::intValue)
                .filter(token -> !TOKENIZER.special(token))
                .toArray());
    return request.stopStrings().stream().anyMatch(text::contains);
  }

  private static float[] logprobs(FakeModel model, int[] prompt, List<Integer> tokens) {
    int[] text =
        IntStream.concat(IntStream.of(prompt), tokens.stream().mapToInt(Integer::intValue))
            .toArray();
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, text, text.length - 1)));
    try (StepResult result = model.step(plan)) {
      float sum = result.logSumExp(new int[] {0}, new double[] {1})[0];
      float[] logprobs = new float[FakeModel.VOCAB];
      for (int token = 0; token < logprobs.length; token++) {
        logprobs[token] = result.logits(0).get(token) - sum;
      }
      return logprobs;
    }
  }

  @Test
  void resultsEndAsTextsThatWereSampledDo() throws Exception {
    start(4, 10);
    int[] prompt = {1, 2, 3};
    List<NaiveBeamSearch.Text> free = naive(beams(4, 4), request(prompt, 6, Set.of()));
    int stop = free.get(0).tokens().get(2);
    List<Found> found = found(engine.submit(search(beams(4, 4), request(prompt, 6, Set.of(stop)))));
    List<NaiveBeamSearch.Text> expected = naive(beams(4, 4), request(prompt, 6, Set.of(stop)));
    for (int i = 0; i < 4; i++) {
      List<Integer> tokens = expected.get(i).tokens();
      boolean stopped = tokens.get(tokens.size() - 1) == stop;
      assertThat(found.get(i).tokens()).isEqualTo(tokens);
      assertThat(found.get(i).reason())
          .isEqualTo(stopped ? FinishReason.STOP : FinishReason.LENGTH);
      assertThat(found.get(i).stop()).isEqualTo(stopped ? stop : -1);
      assertThat(found.get(i).text())
          .isEqualTo(
              TOKENIZER.decode(
                  tokens.stream()
                      .mapToInt(Integer::intValue)
                      .limit(stopped ? tokens.size() - 1 : 99)
                      .toArray()));
    }
    assertThat(found).anyMatch(each -> each.reason() == FinishReason.STOP);
  }

  @Test
  void theBeginningsThatBeamsShareAreComputedOnce() throws Exception {
    start(4, 10);
    model.plans.clear();
    found(engine.submit(search(beams(4, 1), request(prompt(100), 20, Set.of()))));
    int prompt = model.plans.stream().mapToInt(StepPlan::promptTokens).sum();
    int decoded = model.plans.stream().mapToInt(StepPlan::decodeRows).sum();
    assertThat(prompt).isLessThanOrEqualTo(100);
    assertThat(decoded).isEqualTo(4 * 19);
    assertThat(model.plans.stream().mapToInt(StepPlan::draftTokens).sum()).isZero();
  }

  @Test
  void aSearchWaitsForAllOfItsSlotsAndOthersDoNotOvertakeIt() throws Exception {
    start(3, 10);
    model.permits = new Semaphore(0);
    GenerationHandle before = engine.submit(one(greedy(new int[] {5}, 4)));
    GenerationHandle search =
        engine.submit(search(beams(3, 1), request(new int[] {1, 2}, 3, Set.of())));
    GenerationHandle after = engine.submit(one(greedy(new int[] {6}, 4)));
    model.permits.release(4);
    assertThat(GeneratedTokens.of(before)).hasSize(4);
    assertThat(after.progress().generatedTokens()).isZero();
    model.permits.release(3);
    assertThat(found(search)).hasSize(1);
    assertThat(after.progress().generatedTokens()).isZero();
    model.permits.release(100);
    assertThat(GeneratedTokens.of(after)).hasSize(4);
    assertIdle();
  }

  @Test
  void cancellingFreesAllSlots() throws Exception {
    start(4, 10);
    model.permits = new Semaphore(0);
    GenerationHandle search =
        engine.submit(search(beams(4, 2), request(prompt(20), 400, Set.of())));
    model.permits.release(10);
    while (engine.status().running() < 4) {
      Thread.onSpinWait();
    }
    search.cancel();
    model.permits.release(10_000);
    assertThat(search.awaitEnd(LONG)).isTrue();
    assertThat(search.outcome()).isEqualTo(Outcome.CANCELLED);
    assertIdle();
    assertThat(found(engine.submit(search(beams(4, 2), request(prompt(20), 4, Set.of())))))
        .hasSize(2);
  }

  @Test
  void aSearchThatFailsFailsAlone() throws Exception {
    start(6, 10);
    model.permits = new Semaphore(0);
    GenerationHandle search =
        engine.submit(
            search(beams(4, 2), request(new int[] {1, FakeModel.NOT_A_NUMBER}, 40, Set.of())));
    GenerationHandle other = engine.submit(one(greedy(new int[] {6}, 20)));
    model.permits.release(10_000);
    assertThat(search.awaitEnd(LONG)).isTrue();
    assertThat(search.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(search.failure()).hasMessageContaining("NaN or infinity");
    assertThat(GeneratedTokens.of(other)).hasSize(20);
    assertIdle();
  }

  @Test
  void aStepThatFailsForOthersChangesNoBeam() throws Exception {
    start(6, 10);
    SequenceRequest request = request(prompt(30), 8, Set.of(4, 5));
    model.permits = new Semaphore(0);
    GenerationHandle search = engine.submit(search(beams(4, 4), request));
    GenerationHandle bad = engine.submit(one(greedy(new int[] {5, FakeModel.POISON}, 20)));
    // Each step of more than one row fails, and is repeated for each beam alone.
    model.maxRows = 1;
    model.permits.release(10_000);
    List<NaiveBeamSearch.Text> expected = naive(beams(4, 4), request);
    List<Found> found = found(search);
    for (int i = 0; i < 4; i++) {
      assertThat(found.get(i).tokens()).isEqualTo(expected.get(i).tokens());
    }
    assertThat(bad.awaitEnd(LONG)).isTrue();
    assertThat(bad.outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void moreBeamsThanSlotsAreRefused() throws Exception {
    start(3, 10);
    GenerationHandle search = engine.submit(search(beams(4, 2), request(prompt(20), 4, Set.of())));
    assertThat(search.awaitEnd(LONG)).isTrue();
    assertThat(search.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(search.failure()).hasMessage("4 beams need as many slots, but there are 3");
    assertIdle();
  }

  private static BeamSearch beams(int width, int results) {
    return new BeamSearch(width, results, 1, EarlyStopping.UNLIKELY);
  }

  private static SequenceRequest request(int[] prompt, int maxTokens, Set<Integer> stops) {
    return new SequenceRequest(
        prompt,
        maxTokens,
        SamplingParameters.GREEDY,
        stops,
        List.of(),
        false,
        PromptProbabilities.NONE,
        Logprobs.top(0),
        PrefixReuse.first(prompt.length));
  }

  private static Generation search(BeamSearch beams, SequenceRequest request) {
    return new Generation(
        "beams",
        IntStream.range(0, beams.results()).mapToObj(i -> request).toList(),
        LONG,
        false,
        "",
        beams);
  }

  private static SequenceRequest greedy(int[] prompt, int maxTokens) {
    return RequestBuilder.request(prompt, maxTokens)
        .reuse(PrefixReuse.first(prompt.length))
        .build();
  }

  private static Generation one(SequenceRequest request) {
    return new Generation("one", List.of(request), LONG, false);
  }

  private int[] prompt(int longest) {
    return random.ints(1 + random.nextInt(longest), 0, 900).toArray();
  }

  private static List<Found> found(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).as("%s", handle.failure()).isEqualTo(Outcome.FINISHED);
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < handle.generation().sequences().size(); i++) {
      found.add(new Found(new ArrayList<>(), new ArrayList<>(), "", null, null));
    }
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      Found before = found.get(event.get().sequence());
      if (event.get() instanceof SequenceEvent.Token token) {
        before.tokens().add(token.token());
        before.logprobs().add(token.logprobs().logprob());
        found.set(
            token.sequence(),
            new Found(
                before.tokens(), before.logprobs(), before.text() + token.text(), null, null));
      } else if (event.get() instanceof SequenceEvent.Finished finished) {
        found.set(
            finished.sequence(),
            new Found(
                before.tokens(),
                before.logprobs(),
                before.text() + finished.text(),
                finished.reason(),
                finished.stopToken()));
      }
    }
    return found;
  }

  private void assertIdle() throws InterruptedException {
    assertThat(engine.awaitIdle(LONG)).isTrue();
    assertThat(engine.status().running()).isZero();
    assertThat(engine.status().waiting()).isZero();
    assertThat(engine.status().kvCacheUsage()).isZero();
  }
}
