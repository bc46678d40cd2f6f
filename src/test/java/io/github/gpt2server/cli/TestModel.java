package io.github.gpt2server.cli;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;

/** A folder's model in float32, loaded without settings. */
public final class TestModel {
  public static final Path EMBEDDED = Path.of("models/gpt2-fairytales");

  private TestModel() {}

  /** Loads it; its queue holds few requests, its cache few sequences. */
  public static ServedModel load(Path folder) {
    Gpt2Config config = Gpt2Config.read(folder);
    Weights weights = Weights.open(folder, config);
    Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder);
    try {
      Engine engine =
          Engine.start(
              () ->
                  Gpt2Model.load(
                      config,
                      weights,
                      TorchDevice.CPU,
                      WeightType.FLOAT32,
                      new CacheSize(8, 0, 64)),
              tokenizer,
              EngineSettings.withQueue(4));
      return ServedModelFixture.of(
          engine, tokenizer, folder.getFileName().toString(), config, weights.parameterCount());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
