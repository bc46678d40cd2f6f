package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.platform.ProcessStatus;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The engine on the embedded model: exact numbers whatever else runs, and no memory lost. */
class EngineOnModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");

  private static Gpt2Tokenizer tokenizer;
  private static Engine engine;

  @BeforeAll
  static void start() throws Exception {
    tokenizer = Gpt2Tokenizer.load(FOLDER);
    Gpt2Config config = Gpt2Config.read(FOLDER);
    engine =
        Engine.start(
            () ->
                Gpt2Model.load(
                    config,
                    Weights.open(FOLDER, config),
                    TorchDevice.CPU,
                    WeightType.FLOAT32,
                    new CacheSize(32, 128, 32)),
            tokenizer,
            EngineSettings.withQueue(256).withSpeculation(Speculation.NGRAM));
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @Test
  void greedyTextsAreTheGoldenOnesAloneAndAmongOthers() throws Exception {
    List<Answer> alone = new ArrayList<>();
    for (JsonNode golden : golden("greedy.json")) {
      Answer answer = read(engine.submit(generation(greedy(golden))));
      assertThat(answer.tokens).isEqualTo(ints(golden.get("continuation_ids")));
      assertThat(answer.text).isEqualTo(golden.get("continuation").asString());
      alone.add(answer);
    }
    for (int repeat = 0; repeat < 5; repeat++) {
      List<GenerationHandle> crowd = randomCrowd(new Random(repeat), 28);
      List<GenerationHandle> handles = new ArrayList<>();
      for (JsonNode golden : golden("greedy.json")) {
        handles.add(engine.submit(generation(greedy(golden))));
      }
      for (int i = 0; i < handles.size(); i++) {
        Answer answer = read(handles.get(i));
        assertThat(answer.tokens).isEqualTo(alone.get(i).tokens);
        assertThat(answer.text).isEqualTo(alone.get(i).text);
        assertThat(answer.logprobs).as("the same bits").isEqualTo(alone.get(i).logprobs);
      }
      for (GenerationHandle handle : crowd) {
        assertThat(handle.awaitEnd(Duration.ofSeconds(60))).isTrue();
        assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
      }
    }
  }

  @Test
  void theNextTokensLogitsAreTheGoldenOnesAmongOthers() throws Exception {
    List<GenerationHandle> crowd = randomCrowd(new Random(9), 26);
    List<GenerationHandle> handles = new ArrayList<>();
    for (JsonNode golden : golden("logits.json")) {
      handles.add(engine.submit(generation(nextToken(ints(golden.get("token_ids"))))));
    }
    for (int i = 0; i < handles.size(); i++) {
      JsonNode expected = golden("logits.json").get(i).get("logits_last");
      float[] logits = read(handles.get(i)).nextTokenLogits;
      assertThat(logits).hasSize(expected.size());
      for (int token = 0; token < logits.length; token++) {
        assertThat((double) logits[token]).isCloseTo(expected.get(token).asDouble(), within(1e-3));
      }
    }
    crowd.forEach(GenerationHandle::cancel);
  }

  @Test
  void sampledTextsDependOnTheSeedAloneAndNotOnTheCrowd() throws Exception {
    SequenceRequest request =
        request(
            tokenizer.encode("The king"),
            40,
            new SamplingParameters(1, 50, 0.95, 0, 1, 1.1, 0.1, 0.1, Map.of(), 0, 42));
    Answer alone = read(engine.submit(generation(request)));
    for (int repeat = 0; repeat < 3; repeat++) {
      List<GenerationHandle> crowd = randomCrowd(new Random(repeat), 31);
      Answer answer = read(engine.submit(generation(request)));
      assertThat(answer.tokens).isEqualTo(alone.tokens);
      assertThat(answer.logprobs).isEqualTo(alone.logprobs);
      crowd.forEach(GenerationHandle::cancel);
    }
  }

  @Test
  void scoredPromptTokensHaveTheirLogProbabilities() throws Exception {
    JsonNode golden = golden("score.json").get(0);
    int[] tokens = ints(golden.get("token_ids"));
    SequenceRequest request =
        SequenceRequest.reading(
            tokens, PromptProbabilities.scoredFrom(1, 1), Logprobs.NONE, PrefixReuse.NONE);
    Answer answer = read(engine.submit(generation(request)));
    assertThat(answer.promptScores.logprobs()).hasSize(tokens.length - 1);
    for (int i = 1; i < tokens.length; i++) {
      assertThat((double) answer.promptScores.logprobs()[i - 1])
          .isCloseTo(golden.get("logprobs").get(i).asDouble(), within(1e-4));
    }
  }

  /** Cold, hot, shared with others and evicted in between: always the same bits. */
  @Test
  void whatComesFromThePrefixCacheHasTheBitsOfWhatIsComputed() throws Exception {
    Random random = new Random(3);
    List<int[]> prompts = new ArrayList<>();
    for (int length : new int[] {5, 64, 100, 128, 300, 511}) {
      prompts.add(random.ints(length, 0, 4000).toArray());
    }
    for (int[] prompt : prompts) {
      List<Answer> cold = askEveryWay(prompt, "cold " + prompt.length, random);
      List<Answer> hot = askEveryWay(prompt, "cold " + prompt.length, random);
      for (int way = 0; way < cold.size(); way++) {
        assertSame(hot.get(way), cold.get(way));
        assertThat(hot.get(way).cachedTokens)
            .isEqualTo(new int[] {prompt.length - 1, 0, 39, prompt.length - 1}[way]);
      }
    }
  }

  /** The next token, a generated text and a scored prompt, and a text after a shared beginning. */
  private List<Answer> askEveryWay(int[] prompt, String salt, Random random) throws Exception {
    List<GenerationHandle> crowd = randomCrowd(random, random.nextInt(20));
    PrefixReuse all = new PrefixReuse(prompt.length, salt);
    int generated = Math.min(10, 512 - prompt.length);
    List<GenerationHandle> handles =
        List.of(
            engine.submit(
                generation(
                    SequenceRequest.reading(
                        prompt, PromptProbabilities.NEXT_TOKEN, Logprobs.NONE, all))),
            engine.submit(
                generation(
                    SequenceRequest.reading(
                        prompt, PromptProbabilities.scoredFrom(1, 1), Logprobs.top(3), all))),
            engine.submit(
                generation(
                    SequenceRequest.reading(
                        IntStream.concat(IntStream.range(100, 140), IntStream.of(prompt))
                            .limit(512)
                            .toArray(),
                        PromptProbabilities.scoredFrom(40, 1),
                        Logprobs.NONE,
                        new PrefixReuse(40, salt)))),
            engine.submit(
                RequestBuilder.request(prompt, generated)
                    .logprobs(Logprobs.top(2))
                    .reuse(all)
                    .whole()));
    List<Answer> answers = new ArrayList<>();
    for (GenerationHandle handle : handles) {
      answers.add(read(handle));
    }
    crowd.forEach(GenerationHandle::cancel);
    return answers;
  }

  private static void assertSame(Answer actual, Answer expected) {
    assertThat(actual.tokens).isEqualTo(expected.tokens);
    assertThat(actual.logprobs).isEqualTo(expected.logprobs);
    assertThat(actual.nextTokenLogits).isEqualTo(expected.nextTokenLogits);
    assertThat(actual.promptScores == null).isEqualTo(expected.promptScores == null);
    if (actual.promptScores != null) {
      assertThat(actual.promptScores.logprobs()).isEqualTo(expected.promptScores.logprobs());
      assertThat(actual.promptScores.entropies()).isEqualTo(expected.promptScores.entropies());
      assertThat(actual.promptScores.ranks()).isEqualTo(expected.promptScores.ranks());
      assertThat(tops(actual.promptScores)).isEqualTo(tops(expected.promptScores));
    }
  }

  private static List<List<Float>> tops(PromptScores scores) {
    return scores.details().stream()
        .map(detail -> IntStream.range(0, 3).mapToObj(i -> detail.top().logprobs()[i]).toList())
        .toList();
  }

  @Test
  void sequencesThatBeginAlikeAndComeTogetherReadTheBeginningOnce() throws Exception {
    int[] prompt = new Random(8).ints(200, 0, 4000).toArray();
    SequenceRequest[] same = new SequenceRequest[8];
    Arrays.fill(same, request(prompt, 3, SamplingParameters.GREEDY));
    GenerationHandle handle = engine.submit(generation(same));
    assertThat(handle.awaitEnd(Duration.ofSeconds(60))).isTrue();
    List<Integer> cached = new ArrayList<>();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      if (event.get() instanceof SequenceEvent.Finished finished) {
        cached.add(finished.cachedTokens());
      }
    }
    assertThat(cached).containsExactlyInAnyOrder(0, 199, 199, 199, 199, 199, 199, 199);
  }

  @Test
  void saltsKeepTenantsApart() throws Exception {
    int[] prompt = new Random(12).ints(130, 0, 4000).toArray();
    List<Integer> cached = new ArrayList<>();
    for (String salt : List.of("a", "b", "a", "")) {
      PrefixReuse reuse = new PrefixReuse(prompt.length, salt);
      cached.add(
          read(engine.submit(
                  generation(
                      SequenceRequest.reading(
                          prompt, PromptProbabilities.NEXT_TOKEN, Logprobs.NONE, reuse))))
              .cachedTokens);
    }
    assertThat(cached).containsExactly(0, 0, 129, 0);
  }

  @Test
  void nativeMemoryStaysFlatOverFiveThousandSteps() throws Exception {
    SequenceRequest request =
        request(
            tokenizer.encode("Once"),
            500,
            new SamplingParameters(1, 0, 1, 0, 1, 1.2, 0, 0, Map.of(), 0, 1));
    for (int i = 0; i < 5; i++) {
      read(engine.submit(generation(request)));
    }
    // Java's own memory may grow once; what leaks does so every time.
    long growth = Long.MAX_VALUE;
    for (int round = 0; round < 3 && growth >= 15_000; round++) {
      long before = residentKilobytes();
      for (int i = 0; i < 10; i++) {
        read(engine.submit(generation(request)));
      }
      growth = residentKilobytes() - before;
    }
    assertThat(growth).as("kB grown over 5,000 steps").isLessThan(15_000);
  }

  private static long residentKilobytes() {
    System.gc();
    return ProcessStatus.kibibytes("VmRSS").orElseThrow();
  }

  private static final class Answer {
    List<Integer> tokenList = new ArrayList<>();
    List<Float> logprobs = new ArrayList<>();
    int[] tokens;
    String text = "";
    PromptScores promptScores;
    float[] nextTokenLogits;
    int cachedTokens;
  }

  private static Answer read(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(Duration.ofSeconds(60))).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    Answer answer = new Answer();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      if (event.get() instanceof SequenceEvent.Token token) {
        answer.tokenList.add(token.token());
        answer.logprobs.add(token.logprobs().logprob());
        answer.text += token.text();
      } else if (event.get() instanceof SequenceEvent.Finished finished) {
        answer.text += finished.text();
        answer.cachedTokens = finished.cachedTokens();
      } else if (event.get() instanceof SequenceEvent.PromptRead prompt) {
        answer.promptScores = prompt.scores();
        answer.nextTokenLogits = prompt.nextTokenLogits();
      }
    }
    answer.tokens = answer.tokenList.stream().mapToInt(Integer::intValue).toArray();
    return answer;
  }

  /** Requests of every kind, lengths and places that differ. */
  private static List<GenerationHandle> randomCrowd(Random random, int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                engine.submit(
                    generation(
                        request(
                            random.ints(1 + random.nextInt(200), 0, 4000).toArray(),
                            1 + random.nextInt(60),
                            new SamplingParameters(
                                random.nextInt(2),
                                random.nextInt(3) * 20,
                                1,
                                0,
                                1,
                                1,
                                0,
                                0,
                                Map.of(),
                                0,
                                random.nextLong())))))
        .toList();
  }

  private static SequenceRequest greedy(JsonNode golden) {
    return request(
        ints(golden.get("token_ids")),
        golden.get("continuation_ids").size(),
        SamplingParameters.GREEDY);
  }

  private static SequenceRequest request(int[] prompt, int maxTokens, SamplingParameters sampling) {
    return RequestBuilder.request(prompt, maxTokens)
        .sampling(sampling)
        .logprobs(Logprobs.top(0))
        .reusingPrompt()
        .build();
  }

  private static SequenceRequest nextToken(int[] prompt) {
    return SequenceRequest.reading(
        prompt, PromptProbabilities.NEXT_TOKEN, Logprobs.NONE, PrefixReuse.first(prompt.length));
  }

  private static Generation generation(SequenceRequest... sequences) {
    return new Generation("test", List.of(sequences), Duration.ofMinutes(1), false);
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }

  private static JsonNode golden(String name) {
    try (InputStream in = EngineOnModelIT.class.getResourceAsStream("/golden/" + name)) {
      return JsonMapper.shared().readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
