package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.constraint.CompiledConstraints;
import io.github.gpt2server.constraint.Constraint;
import io.github.gpt2server.constraint.token.TokenAutomaton;
import io.github.gpt2server.constraint.token.TokenCursor;
import io.github.gpt2server.constraint.token.TokenTree;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.engine.speculation.DraftModelProposer;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.speculation.StepCosts;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.checkpoint.Activation;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.DryPenalty;
import io.github.gpt2server.sampling.Mirostat;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.SequenceBreakers;
import io.github.gpt2server.sampling.TextForm;
import io.github.gpt2server.sampling.Xtc;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Engines that draft whatever they can answer as one that never does: the same tokens, the same
 * bits of every log-probability, the same events. One counter by the texts alone, one has a draft
 * model beside: the same weights with another function in the MLPs, which is often wrong.
 */
@OneCore
@ParameterizedClass
@EnumSource(names = {"FLOAT32", "BFLOAT16", "INT8"})
class SpeculationOnModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final Gpt2Tokenizer TOKENIZER = Gpt2Tokenizer.load(FOLDER);
  private static final int CONTEXT = 512;
  private static final StepCosts FREE = new StepCosts(new int[] {1, 2}, new double[] {1, 1});
  private static final StepCosts NEARLY_FREE =
      new StepCosts(new int[] {1, 2}, new double[] {0.01, 0.01});

  private static final CompiledConstraints CONSTRAINTS =
      new CompiledConstraints(
          TokenTree.of(
              TOKENIZER.vocabSize(), TOKENIZER::bytes, token -> !TOKENIZER.special(token)));

  /** Between what drafts are accepted that know the form after them, and that do not. */
  private static final double LEAST_ACCEPTANCE = 0.33;

  private static final DraftTokenCounter none = new DraftTokenCounter();
  private static final DraftTokenCounter byText = new DraftTokenCounter();
  private static final DraftTokenCounter byModel = new DraftTokenCounter();
  private static Engine plain;
  private static Engine lookingUp;
  private static Engine drafting;

  @Parameter WeightType type;

  @BeforeParameterizedClassInvocation
  static void start(WeightType type) throws Exception {
    plain = engine(type, none, model -> DraftPlanner.OFF);
    lookingUp = engine(type, byText, model -> new DraftPlanner(FREE));
    drafting =
        engine(
            type,
            byModel,
            model -> new DraftPlanner(FREE, new DraftModelProposer(draft(type), NEARLY_FREE)));
  }

  private static Engine engine(WeightType type, DraftTokenCounter counter, PlannerFactory planners)
      throws Exception {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    return Engine.start(
        () ->
            Gpt2Model.load(
                config,
                Weights.open(FOLDER, config),
                TorchDevice.CPU,
                type,
                new CacheSize(8, 32, 32)),
        TOKENIZER,
        EngineSettings.withQueue(256).withObserver(counter),
        planners);
  }

  private static Gpt2Model draft(WeightType type) {
    Gpt2Config real = Gpt2Config.read(FOLDER);
    Gpt2Config config =
        new Gpt2Config(
            real.vocabSize(),
            real.contextLength(),
            real.width(),
            real.layers(),
            real.heads(),
            real.innerWidth(),
            real.layerNormEpsilon(),
            Activation.RELU,
            real.tiedEmbeddings(),
            real.endOfText(),
            real.scaleAttnWeights(),
            real.scaleAttnByInverseLayerIdx(),
            real.reorderAndUpcastAttn());
    return Gpt2Model.load(
        config, Weights.open(FOLDER, config), TorchDevice.CPU, type, new CacheSize(8, 0, 64));
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    plain.close();
    lookingUp.close();
    drafting.close();
    assertThat(none.drafted.get()).isZero();
  }

  @Test
  void greedyTextsAreTheSame() throws Exception {
    List<SequenceRequest> requests = new ArrayList<>();
    for (String prompt : List.of("The king", "Once upon a time", "I am", "He went")) {
      int[] tokens = TOKENIZER.encode(prompt);
      requests.add(
          request(tokens, CONTEXT - tokens.length, SamplingParameters.GREEDY, "", Logprobs.top(2)));
    }
    assertSameAnswers(requests, new Random(1));
    assertThat(byText.accepted.get()).as("greedy texts repeat themselves").isGreaterThan(500);
    assertThat(byModel.accepted.get()).isGreaterThan(byText.accepted.get());
  }

  @Test
  void drawnTextsAreTheSame() throws Exception {
    Random random = new Random(2);
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      requests.add(randomRequest(random));
    }
    assertSameAnswers(requests, random);
    for (DraftTokenCounter counter : List.of(byText, byModel)) {
      assertThat(counter.accepted.get()).isGreaterThan(200);
      assertThat(counter.drafted.get() - counter.accepted.get()).as("rejected").isGreaterThan(200);
    }
    assertThat(byModel.accepted.get()).isGreaterThan(byText.accepted.get());
  }

  @Test
  void textsOfAFormAreTheSame() throws Exception {
    Random random = new Random(3);
    List<Constraint> forms =
        List.of(
            new Constraint.Regex("(The|A) [a-z ,]{10,60}[!?]( \\d{2,4}){1,3}"),
            new Constraint.Regex("([A-Z][a-z]{2,9} ){3,12}"),
            new Constraint.Schema(
                """
                {"type": "object", "required": ["name", "age", "tags"], "properties": {
                  "name": {"type": "string", "minLength": 5, "maxLength": 30},
                  "age": {"type": "integer", "minimum": 10, "maximum": 120},
                  "tags": {"type": "array", "minItems": 2, "maxItems": 4,
                           "items": {"enum": ["red", "green", "blue"]}}}}
                """));
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      TokenAutomaton form = CONSTRAINTS.get(forms.get(i % forms.size()), () -> {});
      int[] ends = {TOKENIZER.endOfText().orElseThrow()};
      int[] prompt = TOKENIZER.encode(List.of("The king said ", "Once: ", "He ").get(i / 3 % 3));
      SamplingParameters sampling =
          new SamplingParameters(
                  random.nextInt(3) * 0.5, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, random.nextLong())
              .withForm(new TextForm(() -> new TokenCursor(form, ends), i % 4 == 0));
      requests.add(request(prompt, 100, sampling, "", Logprobs.top(1)));
    }
    assertSameAnswers(requests, random);
    assertThat(byModel.drafted.get()).isGreaterThan(500);
    assertThat((double) byModel.accepted.get() / byModel.drafted.get())
        .as("accepted draft tokens, of which each has the form after those before it")
        .isGreaterThan(LEAST_ACCEPTANCE);
  }

  /** All at once, in generations of one to three sequences. */
  private static void assertSameAnswers(List<SequenceRequest> requests, Random random)
      throws Exception {
    byText.reset();
    byModel.reset();
    List<Generation> generations = new ArrayList<>();
    for (int start = 0; start < requests.size(); ) {
      int end = Math.min(requests.size(), start + 1 + random.nextInt(3));
      generations.add(
          new Generation(
              "test", requests.subList(start, end), Duration.ofMinutes(1), random.nextBoolean()));
      start = end;
    }
    List<List<List<String>>> expected = answers(plain, generations);
    for (Engine engine : List.of(lookingUp, drafting)) {
      List<List<List<String>>> actual = answers(engine, generations);
      for (int i = 0; i < generations.size(); i++) {
        for (int s = 0; s < generations.get(i).sequences().size(); s++) {
          assertThat(actual.get(i).get(s))
              .as(generations.get(i).sequences().get(s).sampling().toString())
              .isEqualTo(expected.get(i).get(s));
        }
      }
    }
  }

  /** One engine after the other: their threads would wait for each other in every step. */
  private static List<List<List<String>>> answers(Engine engine, List<Generation> generations)
      throws InterruptedException {
    List<List<List<String>>> answers = new ArrayList<>();
    for (GenerationHandle handle : generations.stream().map(engine::submit).toList()) {
      answers.add(events(handle));
    }
    return answers;
  }

  /** Every kind of sampling, stops and reports; prompts that repeat themselves or do not. */
  private static SequenceRequest randomRequest(Random random) {
    String sentence = "The king said to the queen, and the queen said to the king: come in. ";
    int[] tokens = TOKENIZER.encode(sentence.repeat(1 + random.nextInt(4)));
    int[] prompt = Arrays.copyOf(tokens, 1 + random.nextInt(tokens.length));
    boolean penalised = random.nextInt(3) == 0;
    int maxTokens = random.nextInt(6) == 0 ? CONTEXT - prompt.length : 1 + random.nextInt(120);
    SamplingParameters sampling =
        new SamplingParameters(
            random.nextInt(4) * 0.3,
            random.nextInt(3) * 20,
            random.nextBoolean() ? 1 : 0.9,
            random.nextInt(4) == 0 ? 0.05 : 0,
            random.nextInt(4) == 0 ? 0.9 : 1,
            penalised ? 1.1 : 1,
            penalised ? 0.2 : 0,
            penalised ? 0.1 : 0,
            random.nextInt(3) == 0 ? Map.of(prompt[0], 2f, 300, -3f) : Map.of(),
            random.nextInt(3) * 10,
            random.nextLong());
    if (random.nextInt(3) == 0) {
      sampling = sampling.withDecoding(rules(random));
    }
    String stop = List.of("", "", " king", "id to", ".\n").get(random.nextInt(5));
    Logprobs logprobs =
        switch (random.nextInt(4)) {
          case 0 -> Logprobs.NONE;
          case 1 -> Logprobs.top(0);
          case 2 -> new Logprobs(true, 5, new int[] {7, 300});
          default -> Logprobs.top(random.nextInt(5) == 0 ? 4096 : 1);
        };
    return request(prompt, maxTokens, sampling, stop, logprobs);
  }

  /** Rules that depend on the text before a token, and on draws. */
  private static DecodingRules rules(Random random) {
    return new DecodingRules(
        random.nextInt(4) == 0 ? IntStream.range(0, 2000).toArray() : null,
        List.of(TOKENIZER.encode(" king"), new int[] {13, 198}),
        random.nextInt(3) == 0 ? 3 + random.nextInt(4) : 0,
        random.nextBoolean()
            ? new DryPenalty(0.5, 1.5, 3, Integer.MAX_VALUE, SequenceBreakers.NONE)
            : null,
        random.nextBoolean() ? new Xtc(0.3, 0.1) : null,
        random.nextBoolean() ? new Mirostat(1 + random.nextInt(2), 3, 0.2) : null);
  }

  private static SequenceRequest request(
      int[] prompt, int maxTokens, SamplingParameters sampling, String stop, Logprobs logprobs) {
    RequestBuilder request =
        RequestBuilder.request(prompt, maxTokens)
            .sampling(sampling)
            .stopTokens(Set.of(TOKENIZER.endOfText().orElseThrow(), 13))
            .logprobs(logprobs)
            .reusingPrompt();
    return (stop.isEmpty() ? request : request.stopString(stop, false)).build();
  }

  /** The events of each sequence, with every number. */
  private static List<List<String>> events(GenerationHandle handle) throws InterruptedException {
    List<List<String>> events = new ArrayList<>();
    handle.generation().sequences().forEach(sequence -> events.add(new ArrayList<>()));
    while (handle.outcome() == null) {
      handle
          .poll(Duration.ofSeconds(60))
          .ifPresent(event -> events.get(event.sequence()).add(text(event)));
    }
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      events.get(event.get().sequence()).add(text(event.get()));
    }
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    return events;
  }

  private static String text(SequenceEvent event) {
    if (event instanceof SequenceEvent.Token token) {
      TokenLogprobs logprobs = token.logprobs();
      return "%d %s %s %s"
          .formatted(
              token.token(), token.text(), token.logMass(), logprobs == null ? "" : text(logprobs));
    }
    // How much came from the prefix cache depends on who came first.
    SequenceEvent.Finished end = (SequenceEvent.Finished) event;
    return "%s %s %d %s".formatted(end.reason(), end.text(), end.stopToken(), end.stopString());
  }

  private static String text(TokenLogprobs logprobs) {
    TopTokens top = logprobs.top();
    return "%s %s %s %s"
        .formatted(
            logprobs.logprob(),
            top == null ? "" : Arrays.hashCode(top.tokens()),
            top == null
                ? ""
                : IntStream.range(0, top.count()).mapToObj(i -> top.logprobs()[i]).toList(),
            Arrays.toString(logprobs.others()));
  }
}
