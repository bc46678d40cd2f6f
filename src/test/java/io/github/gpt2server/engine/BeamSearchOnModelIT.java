package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.BeamSearch.EarlyStopping;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.NaiveBeamSearch;
import io.github.gpt2server.testing.NaiveRules;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Beam search on the embedded model, whose keys and values are copied between slots, beside other
 * requests: the tokens and the log-probabilities are those of a plain restatement that reads every
 * text from its beginning. With the kernels in C they have the same bits; libtorch's operators
 * round differently where more rows are computed at once.
 */
@OneCore
class BeamSearchOnModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final Gpt2Tokenizer TOKENIZER = Gpt2Tokenizer.load(FOLDER);

  private static final SamplingParameters RULES = NaiveRules.several(TOKENIZER);

  /** Largest difference of two log-probabilities by libtorch's operators, in nats. */
  private static final float TOLERANCE = 1e-5f;

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void searchesFindTheBitsOfAPlainRestatement(WeightType type) throws Exception {
    try (Gpt2Model alone = load(type, new CacheSize(1, 0, 32));
        Engine engine =
            Engine.start(
                () -> load(type, new CacheSize(9, 20, 32)),
                TOKENIZER,
                EngineSettings.withQueue(99))) {
      assumeTrue(
          alone.reproducible() || type != WeightType.INT8,
          "a last bit by libtorch's operators can round an int8 input to another integer");
      List<GenerationHandle> handles = new ArrayList<>();
      List<String> prompts =
          List.of(
              "Once upon a time, there was a",
              "The king said to his daughter: \"",
              "In the deep forest there lived an old woman who had two sons, and when the winter"
                  + " came she sent them out to gather wood.");
      for (String prompt : prompts) {
        handles.add(engine.submit(search(TOKENIZER.encode(prompt), SamplingParameters.GREEDY)));
        handles.add(engine.submit(search(TOKENIZER.encode(prompt), RULES)));
        engine.submit(
            new Generation(
                "other",
                List.of(RequestBuilder.request(TOKENIZER.encode(prompt), 40).build()),
                Duration.ofMinutes(1),
                false));
      }
      for (GenerationHandle handle : handles) {
        SequenceRequest request = handle.generation().sequences().get(0);
        List<NaiveBeamSearch.Text> expected =
            new NaiveBeamSearch(4, 24, 0, request.stopTokenIds(), tokens -> false, 1, "false")
                .search(
                    tokens -> logprobs(alone, request.prompt(), tokens),
                    NaiveRules.of(request.prompt(), request.sampling())::edit);
        assertThat(handle.awaitEnd(Duration.ofMinutes(1))).isTrue();
        assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
        List<List<Integer>> tokens = List.of(new ArrayList<>(), new ArrayList<>());
        List<List<Float>> logprobs = List.of(new ArrayList<>(), new ArrayList<>());
        for (var event = handle.poll(Duration.ZERO);
            event.isPresent();
            event = handle.poll(Duration.ZERO)) {
          if (event.get() instanceof SequenceEvent.Token token) {
            tokens.get(token.sequence()).add(token.token());
            logprobs.get(token.sequence()).add(token.logprobs().logprob());
          }
        }
        for (int i = 0; i < 2; i++) {
          assertThat(tokens.get(i)).isEqualTo(expected.get(i).tokens());
          assertSame(logprobs.get(i), expected.get(i).logprobs(), alone.reproducible());
        }
      }
    }
  }

  private static void assertSame(List<Float> actual, List<Float> expected, boolean bits) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i)).isCloseTo(expected.get(i), within(bits ? 0f : TOLERANCE));
    }
  }

  private static Gpt2Model load(WeightType type, CacheSize cache) throws IOException {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    return Gpt2Model.load(config, Weights.open(FOLDER, config), TorchDevice.CPU, type, cache);
  }

  private static Generation search(int[] prompt, SamplingParameters sampling) {
    SequenceRequest request =
        new SequenceRequest(
            prompt,
            24,
            sampling,
            Set.of(TOKENIZER.encode(".")[0]),
            List.of(),
            false,
            PromptProbabilities.NONE,
            Logprobs.top(2),
            PrefixReuse.first(prompt.length));
    return new Generation(
        "beams",
        List.of(request, request),
        Duration.ofMinutes(1),
        false,
        "",
        new BeamSearch(4, 2, 1, EarlyStopping.UNLIKELY));
  }

  private static float[] logprobs(Gpt2Model model, int[] prompt, List<Integer> tokens) {
    int[] text =
        IntStream.concat(IntStream.of(prompt), tokens.stream().mapToInt(Integer::intValue))
            .toArray();
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, text, text.length - 1)));
    try (StepResult result = model.step(plan)) {
      float sum = result.logSumExp(new int[] {0}, new double[] {1})[0];
      float[] logprobs = new float[model.vocabSize()];
      for (int token = 0; token < logprobs.length; token++) {
        logprobs[token] = result.logits(0).get(token) - sum;
      }
      return logprobs;
    }
  }
}
