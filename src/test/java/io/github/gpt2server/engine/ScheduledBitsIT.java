package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.TorchRuntime;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * An answer has the same bits however it is scheduled: alone or beside others, with any limits of a
 * step, number of slots and threads, size of the prefix cache, and with or without draft tokens.
 */
@OneCore
class ScheduledBitsIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final int REQUESTS = 14;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @AfterEach
  void restore() {
    TorchRuntime.setThreads(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void anAnswerHasTheSameBitsHoweverItIsScheduled(WeightType type) throws Exception {
    List<SequenceRequest> requests = requests();
    List<String> expected = new ArrayList<>();
    try (Engine engine = start(type, new CacheSize(1, 0, 32), EngineSettings.withQueue(99))) {
      for (SequenceRequest request : requests) {
        expected.add(read(engine.submit(generation(request))));
      }
    }
    for (int trial = 0; trial < 3; trial++) {
      EngineSettings settings =
          new EngineSettings(
              99,
              1 + random.nextInt(40),
              1 + random.nextInt(100),
              1 + random.nextInt(300),
              1 + random.nextInt(2),
              random.nextBoolean() ? Speculation.NGRAM : Speculation.OFF,
              null,
              EngineSettings.MAX_UNREAD_BYTES,
              EngineObserver.NONE);
      CacheSize cache = new CacheSize(2 + random.nextInt(8), random.nextInt(60), 32);
      List<Integer> order = new ArrayList<>(IntStream.range(0, REQUESTS).boxed().toList());
      Collections.shuffle(order, random);
      try (Engine engine = start(type, cache, settings)) {
        // All at once, and then again, when the cache has what fits of them.
        for (int pass = 0; pass < 2; pass++) {
          Map<Integer, GenerationHandle> handles = new LinkedHashMap<>();
          order.forEach(i -> handles.put(i, engine.submit(generation(requests.get(i)))));
          for (Map.Entry<Integer, GenerationHandle> handle : handles.entrySet()) {
            assertThat(read(handle.getValue()))
                .as("request %d, seed %d, %s, %s", handle.getKey(), seed, cache, settings)
                .isEqualTo(expected.get(handle.getKey()));
          }
          Collections.shuffle(order, random);
        }
      }
    }
  }

  private Engine start(WeightType type, CacheSize cache, EngineSettings settings) throws Exception {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    int threads = 1 + random.nextInt(2);
    return Engine.start(
        () -> {
          TorchRuntime.setThreads(threads);
          return Gpt2Model.load(config, Weights.open(FOLDER, config), TorchDevice.CPU, type, cache);
        },
        Gpt2Tokenizer.load(FOLDER),
        settings);
  }

  /** Texts that are generated greedily and drawn, scored texts, next tokens; many begin alike. */
  private List<SequenceRequest> requests() {
    int[] common = random.ints(120, 0, 4000).toArray();
    List<SequenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      int[] rest = random.ints(1 + random.nextInt(120), 0, 4000).toArray();
      int[] prompt =
          IntStream.concat(
                  IntStream.of(common).limit(random.nextInt(common.length)), IntStream.of(rest))
              .toArray();
      PrefixReuse reuse = PrefixReuse.first(prompt.length);
      requests.add(
          switch (i % 4) {
            case 0 ->
                SequenceRequest.reading(
                    prompt, PromptProbabilities.NEXT_TOKEN, Logprobs.NONE, reuse);
            case 1 ->
                SequenceRequest.reading(
                    prompt,
                    PromptProbabilities.scoredFrom(
                        1 + random.nextInt(Math.max(1, prompt.length - 1)), 1.5),
                    Logprobs.top(3),
                    reuse);
            default ->
                RequestBuilder.request(prompt, 1 + random.nextInt(60))
                    .sampling(
                        new SamplingParameters(
                            i % 4 - 2, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, random.nextLong()))
                    .logprobs(Logprobs.top(4))
                    .reuse(reuse)
                    .build();
          });
    }
    return requests;
  }

  private static Generation generation(SequenceRequest request) {
    return new Generation("test", List.of(request), Duration.ofMinutes(1), false);
  }

  /** Every number of an answer, without that of cached tokens. */
  private static String read(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(Duration.ofMinutes(1))).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    StringBuilder answer = new StringBuilder();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      if (event.get() instanceof SequenceEvent.Finished finished) {
        answer.append(finished.reason()).append(finished.text());
      } else {
        answer.append(JsonMapper.shared().writeValueAsString(event.get()));
      }
    }
    return answer.toString();
  }
}
