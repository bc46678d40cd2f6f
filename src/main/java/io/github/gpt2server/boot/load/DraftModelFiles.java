package io.github.gpt2server.boot.load;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.hub.ModelFolder;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.platform.CpuFeatures;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of a draft model, seen to be of the vocabulary of the model that is served. */
record DraftModelFiles(
    ModelFolder folder, Gpt2Config config, Weights weights, WeightType type, CacheSize cache)
    implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DraftModelFiles.class);

  /**
   * Opens them.
   *
   * @param folder closed along with this, and if it is refused
   * @param served the model that is served
   * @param tokenizer its tokenizer
   * @param properties the type of the weights, and the number of sequences that run at once
   * @throws ModelLoadException if they cannot be read, or have another vocabulary
   */
  static DraftModelFiles open(
      ModelFolder folder, Gpt2Config served, Gpt2Tokenizer tokenizer, Gpt2Properties properties) {
    try {
      Gpt2Config config = Gpt2Config.read(folder.path());
      checkVocabulary(folder, config, served, tokenizer);
      if (config.contextLength() < served.contextLength()) {
        log.info(
            "{} has a context of {} tokens, the model one of {}: beyond that, draft tokens are"
                + " proposed without it",
            folder.id(),
            config.contextLength(),
            served.contextLength());
      }
      Weights weights = Weights.open(folder.path(), config);
      WeightType type =
          DtypeChoice.of(
                  properties.dtype(),
                  TorchDevice.CPU,
                  weights.parameterCount(),
                  CpuFeatures.ofThisMachine())
              .type();
      CacheSize cache = new CacheSize(properties.maxSequences(), 0, 0);
      return new DraftModelFiles(folder, config, weights, type, cache);
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private static void checkVocabulary(
      ModelFolder folder, Gpt2Config config, Gpt2Config served, Gpt2Tokenizer tokenizer) {
    if (config.vocabSize() != served.vocabSize()) {
      throw new ModelLoadException(
          "gpt2.draft-model %s has vocab_size %d, but the model has %d: choose a model"
                  .formatted(folder.id(), config.vocabSize(), served.vocabSize())
              + " of the same vocabulary");
    }
    try (Gpt2Tokenizer own = Gpt2Tokenizer.load(folder.path())) {
      if (!own.hasVocabularyOf(tokenizer)) {
        throw new ModelLoadException(
            "gpt2.draft-model %s has another tokenizer than the model: choose a model"
                    .formatted(folder.id())
                + " of the same vocabulary");
      }
    }
  }

  long weightBytes() {
    return Gpt2Model.weightBytes(config, weights.tiedEmbeddings(), type);
  }

  long cacheBytes() {
    return Gpt2Model.cacheBytes(config, type, cache.slots());
  }

  /**
   * Loads the model into libtorch.
   *
   * @param text tokens on which int8 tries every layer
   */
  LanguageModel load(int[] text) {
    int[] sample = Arrays.copyOf(text, Math.min(text.length, config.contextLength()));
    return Gpt2Model.load(config, weights, TorchDevice.CPU, type, cache, sample);
  }

  @Override
  public void close() {
    folder.close();
  }
}
