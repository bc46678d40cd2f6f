package io.github.gpt2server.bench;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The bare model step, without scheduler, sampling or HTTP: the limit that the server is held to.
 */
final class StepBenchmark implements AutoCloseable {
  private final LanguageModel model;

  StepBenchmark(Path folder, String device, WeightType type, int slots) {
    Gpt2Config config = Gpt2Config.read(folder);
    TorchDevice placed =
        device.equals("cpu")
            ? TorchDevice.CPU
            : new TorchDevice(Integer.parseInt(device.substring(device.indexOf(':') + 1)));
    model =
        Gpt2Model.load(
            config, Weights.open(folder, config), placed, type, new CacheSize(slots, 0, 32));
  }

  /**
   * Decodes as many tokens as {@code streams} requests of the load generator do, over the same
   * positions, and picks each greedily.
   *
   * @return tokens a second
   */
  double decode(int streams, int promptTokens, int newTokens) {
    long start = System.nanoTime();
    for (int position = promptTokens; position < promptTokens + newTokens; position++) {
      int at = position;
      List<Chunk> decodes =
          IntStream.range(0, streams)
              .mapToObj(slot -> Chunk.decode(slot, at, 100 + (slot * 31 + at) % 800))
              .toList();
      try (StepResult result = model.step(new StepPlan(decodes, List.of()))) {
        result.argmax();
      }
    }
    return (double) streams * newTokens / seconds(start);
  }

  /**
   * Reads one prompt in one step, as the scheduler plans it for an idle server.
   *
   * @param allLogits whether the logits after every token are computed, as scoring needs them
   * @return tokens a second
   */
  double prefill(int tokens, boolean allLogits) {
    int[] text = IntStream.range(0, tokens).map(i -> 100 + i % 800).toArray();
    Chunk prompt = new Chunk(0, 0, text, allLogits ? 0 : tokens - 1);
    long begin = System.nanoTime();
    try (StepResult result = model.step(new StepPlan(List.of(), List.of(prompt)))) {
      result.argmax();
    }
    return tokens / seconds(begin);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    model.close();
  }
}
