package io.github.gpt2server.boot.load;

import io.github.gpt2server.boot.libraries.NativeLibraries;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.settings.InvalidSettingException;
import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.hub.ModelFolder;
import io.github.gpt2server.hub.ModelHub;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.ProgressDisplay;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.ArithmeticReport;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.TorchRuntime;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.ops.lifecycle.LoadedModel;
import io.github.gpt2server.ops.lifecycle.ModelLoader;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.platform.CpuFeatures;
import io.github.gpt2server.platform.CpuTopology;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads what the settings name and starts its engine: files, tokenizer, weights, warm-up. */
public final class ServedModelLoader implements ModelLoader {
  private static final Logger log = LoggerFactory.getLogger(ServedModelLoader.class);

  /** gpt2.revision is of another model. */
  private static final String DRAFT_REVISION = "main";

  /** Number of tokens in a block of the prefix cache, a multiple of 16. */
  private static final int BLOCK_LENGTH = 32;

  private final Gpt2Properties properties;
  private final ServerState state;
  private final EngineObserver observer;
  private final Runnable beforeFirstStep;

  /**
   * Does not load anything yet.
   *
   * @param beforeFirstStep called on the engine thread when the weights are in memory; it may wait
   */
  public ServedModelLoader(
      Gpt2Properties properties,
      ServerState state,
      EngineObserver observer,
      Runnable beforeFirstStep) {
    this.properties = properties;
    this.state = state;
    this.observer = observer;
    this.beforeFirstStep = beforeFirstStep;
  }

  @Override
  public LoadedModel load() throws Exception {
    NativeLibraries.prepare();
    try (ModelFolder folder = folder("gpt2.model", properties.model(), properties.revision())) {
      Gpt2Config config = Gpt2Config.read(folder.path());
      Weights weights = Weights.open(folder.path(), config);
      Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder.path());
      checkVocabulary(folder, config, tokenizer);
      ChatSupport chat = ChatTemplateChoice.of(properties, folder.path(), tokenizer);
      checkDefaultLength(config);
      TorchDevice device = device();
      if (device.isCpu()) {
        TorchRuntime.useKernels(properties.kernels());
      }
      DtypeChoice choice =
          DtypeChoice.of(
              properties.dtype(), device, weights.parameterCount(), CpuFeatures.ofThisMachine());
      WeightType type = choice.type();
      int threads =
          properties.threads() > 0 ? properties.threads() : CpuTopology.ofThisProcess().threads();
      EngineSettings settings =
          EngineSettings.withQueue(properties.maxQueue())
              .withLeastPrefillTokens(leastPrefillTokens(device))
              .withSamplingThreads(threads)
              .withSpeculation(properties.speculation())
              .withMaxUnreadBytes(maxUnreadBytes())
              .withObserver(observer);
      CacheSize cache = cacheSize(config);
      long cacheBytes = Gpt2Model.cacheBytes(config, type, cache.slots());
      long weightBytes = Gpt2Model.weightBytes(config, weights.tiedEmbeddings(), type);
      int[] sample = sample(tokenizer, config);
      AtomicReference<ArithmeticReport> arithmetic = new AtomicReference<>();
      Callable<LanguageModel> loader =
          () -> {
            Gpt2Model model = loadModel(config, weights, device, type, cache, sample, threads);
            arithmetic.set(model.arithmetic());
            return model;
          };
      Engine engine;
      String draftModel = "";
      try (DraftModelFiles draft = draft(config, tokenizer, device)) {
        if (draft != null) {
          draftModel = draft.folder().id();
          cacheBytes += draft.cacheBytes();
          weightBytes += draft.weightBytes();
        }
        if (device.isCpu()) {
          long prefixCacheBytes = Gpt2Model.prefixCacheBytes(config, type, cache);
          MemoryCheck.ofThisMachine()
              .requireRoom(weightBytes, cacheBytes + prefixCacheBytes, cache.slots());
        }
        engine =
            Engine.start(
                loader,
                tokenizer,
                draft == null ? settings : settings.withDraftModel(() -> draft.load(sample)));
      }
      ServedModel served =
          new ServedModel(
              engine,
              tokenizer,
              folder.id(),
              properties.aliases(),
              folder.revision(),
              endTokens(config, tokenizer),
              config.contextLength(),
              config.vocabSize(),
              config.width(),
              config.layers(),
              config.heads(),
              weights.parameterCount(),
              type.label(),
              device.toString(),
              arithmetic.get().kernels().label(),
              arithmetic.get().largestError(),
              chat,
              Instant.now());
      return new LoadedModel(served, threads, cacheBytes, choice.reason(), draftModel);
    }
  }

  /** The hub that the settings and the environment name; a model that is no GPT-2 is refused. */
  public static ModelHub hub(Gpt2Properties properties) {
    return new ModelHub(HubSettings.of(properties.hub(), System.getenv()), Gpt2Config::read);
  }

  private ModelFolder folder(String property, String model, String revision) throws Exception {
    return state.interruptibly(
        () -> ModelFolder.resolve(property, model, id -> fetch(id, revision)));
  }

  private Snapshot fetch(String id, String revision) throws InterruptedException {
    ModelHub hub = hub(properties);
    state.loadingMessage("The hub is being asked for %s.".formatted(id));
    try (ProgressDisplay display = new ProgressDisplay()) {
      return hub.fetch(
          id,
          revision,
          progress -> {
            display.progress(progress);
            state.loadingMessage("%s is being downloaded: %s.".formatted(id, progress.text()));
          });
    } finally {
      state.loadingMessage("The model is still being loaded.");
    }
  }

  /**
   * The files of the draft model; null if there is none, or on a GPU, which uses no draft tokens.
   */
  private DraftModelFiles draft(Gpt2Config served, Gpt2Tokenizer tokenizer, TorchDevice device)
      throws Exception {
    if (properties.draftModel() == null) {
      return null;
    }
    if (!device.isCpu()) {
      log.warn("gpt2.draft-model is not used: draft tokens are proposed on a CPU alone");
      return null;
    }
    ModelFolder folder = folder("gpt2.draft-model", properties.draftModel(), DRAFT_REVISION);
    return DraftModelFiles.open(folder, served, tokenizer, properties);
  }

  private Gpt2Model loadModel(
      Gpt2Config config,
      Weights weights,
      TorchDevice device,
      WeightType type,
      CacheSize cache,
      int[] sample,
      int threads) {
    TorchRuntime.setThreads(threads);
    weights.requireFinite(TorchRuntime.finiteCheck(device));
    Gpt2Model model = Gpt2Model.load(config, weights, device, type, cache, sample);
    try {
      beforeFirstStep.run();
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  /**
   * The beginning of a text of many kinds. Where the vocabulary cannot write it, as one of proteins
   * or of lower-case letters cannot, tokens from all over the vocabulary.
   */
  private static int[] sample(Gpt2Tokenizer tokenizer, Gpt2Config config) throws IOException {
    try (InputStream in = ServedModelLoader.class.getResourceAsStream("/gpt2/sample.txt")) {
      int[] tokens = tokenizer.encode(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      return Arrays.copyOf(tokens, Math.min(tokens.length, config.contextLength()));
    } catch (IllegalArgumentException notWritable) {
      return Gpt2Model.sample(config);
    }
  }

  private CacheSize cacheSize(Gpt2Config config) {
    int slots = properties.maxSequences();
    long tokens =
        properties.prefixCacheTokens() < 0
            ? (long) slots * config.contextLength() / 4
            : properties.prefixCacheTokens();
    return new CacheSize(slots, (int) ((tokens + BLOCK_LENGTH - 1) / BLOCK_LENGTH), BLOCK_LENGTH);
  }

  private TorchDevice device() {
    return switch (properties.device().kind()) {
      case CPU -> TorchDevice.CPU;
      case CUDA -> TorchRuntime.gpu(properties.device().index());
      case AUTO -> TorchRuntime.gpuCount() > 0 ? TorchRuntime.gpu(0) : TorchDevice.CPU;
    };
  }

  /**
   * The least number of prompt tokens of a step. On a CPU each costs its time, and running streams
   * wait for all of them; a GPU takes as long to start the kernels for any number.
   */
  private static int leastPrefillTokens(TorchDevice device) {
    return device.isCpu() ? 16 : 64;
  }

  /** The end tokens of the tokenizer and of the model's own files. */
  private static Set<Integer> endTokens(Gpt2Config config, Gpt2Tokenizer tokenizer) {
    Set<Integer> tokens = new HashSet<>(config.endOfText());
    tokenizer.endOfText().ifPresent(tokens::add);
    return Set.copyOf(tokens);
  }

  /**
   * The limit of a stream's unread events: with every slot's stream unread, they take an eighth of
   * the heap at the most.
   */
  private long maxUnreadBytes() {
    return Math.min(
        properties.maxUnread().toBytes(),
        Runtime.getRuntime().maxMemory() / 8 / properties.maxSequences());
  }

  /** A default that no prompt leaves room for would refuse every request without max_tokens. */
  private void checkDefaultLength(Gpt2Config config) {
    if (!properties.clampMaxTokens() && properties.defaultMaxTokens() >= config.contextLength()) {
      throw new InvalidSettingException(
          "gpt2.default-max-tokens",
          String.valueOf(properties.defaultMaxTokens()),
          "a number below the model's context of %d tokens, or gpt2.clamp-max-tokens=true"
              .formatted(config.contextLength()));
    }
  }

  private static void checkVocabulary(
      ModelFolder folder, Gpt2Config config, Gpt2Tokenizer tokenizer) {
    if (tokenizer.vocabSize() > config.vocabSize()) {
      throw new ModelLoadException(
          "%s has a tokenizer of %d tokens, but config.json says vocab_size %d: they belong to"
                  .formatted(folder.path(), tokenizer.vocabSize(), config.vocabSize())
              + " different models");
    }
  }
}
