package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.ContrastiveSearch;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
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
import io.github.gpt2server.testing.NaiveContrastiveSearch;
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
 * Contrastive search on the embedded model, beside other requests: the tokens are those of a plain
 * restatement that reads every text from its beginning.
 */
@OneCore
class ContrastiveSearchOnModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final Gpt2Tokenizer TOKENIZER = Gpt2Tokenizer.load(FOLDER);
  private static final SamplingParameters RULES = NaiveRules.several(TOKENIZER);

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void textsAreThoseOfAPlainRestatement(WeightType type) throws Exception {
    try (Gpt2Model alone = load(type, new CacheSize(1, 0, 32));
        Engine engine =
            Engine.start(
                () -> load(type, new CacheSize(9, 20, 32)),
                TOKENIZER,
                EngineSettings.withQueue(99))) {
      List<GenerationHandle> handles = new ArrayList<>();
      for (String prompt :
          List.of(
              "Once upon a time, there was a",
              "In the deep forest there lived an old woman who had two sons, and when the winter"
                  + " came she sent them out to gather wood.")) {
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
        List<Integer> expected =
            new NaiveContrastiveSearch(4, 0.6, 24, 0, request.stopTokenIds())
                .search(
                    IntStream.of(request.prompt()).boxed().toList(),
                    text -> read(alone, text),
                    NaiveRules.of(request.prompt(), request.sampling())::edit);
        assertThat(GeneratedTokens.of(handle)).isEqualTo(expected);
      }
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
            Logprobs.top(0),
            PrefixReuse.first(prompt.length));
    return new Generation(
        "contrastive",
        List.of(request),
        Duration.ofMinutes(1),
        false,
        "",
        new ContrastiveSearch(4, 0.6));
  }

  private static NaiveContrastiveSearch.Reading read(Gpt2Model model, List<Integer> tokens) {
    int[] text = tokens.stream().mapToInt(Integer::intValue).toArray();
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, text, 0)), true);
    try (StepResult result = model.step(plan)) {
      float[] logits = new float[model.vocabSize()];
      result.logits(text.length - 1).get(0, logits);
      return new NaiveContrastiveSearch.Reading(
          logits, IntStream.range(0, text.length).mapToObj(result::state).toList());
    }
  }
}
