package io.github.gpt2server.testing;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** Served models for tests that start no server. */
public final class ServedModelFixture {

  /** The id of a model without an engine. */
  public static final String ID = "someone/gpt2-fairytales";

  /** Its alias. */
  public static final String ALIAS = "tales";

  private ServedModelFixture() {}

  /** A model without engine and tokenizer. */
  public static ServedModel bare() {
    return model(null, null, ID, 4095, 512, 4096, 320, 4, 5, 6_000_000);
  }

  /** The embedded model's facts and a tokenizer, without an engine. */
  public static ServedModel of(Gpt2Tokenizer tokenizer) {
    return model(null, tokenizer, ID, 4095, 512, tokenizer.vocabSize(), 320, 4, 5, 6_000_000);
  }

  /** The same with a chat template. */
  public static ServedModel of(Gpt2Tokenizer tokenizer, ChatSupport chat) {
    return model(null, tokenizer, ID, 4095, 512, tokenizer.vocabSize(), 320, 4, 5, 6_000_000, chat);
  }

  /** A model with an engine. */
  public static ServedModel of(
      Engine engine, Gpt2Tokenizer tokenizer, String id, Gpt2Config config, long parameters) {
    return model(
        engine,
        tokenizer,
        id,
        tokenizer.endOfText().orElseThrow(),
        config.contextLength(),
        config.vocabSize(),
        config.width(),
        config.layers(),
        config.heads(),
        parameters);
  }

  private static ServedModel model(
      Engine engine,
      Gpt2Tokenizer tokenizer,
      String id,
      int endToken,
      int contextLength,
      int vocabSize,
      int width,
      int layers,
      int heads,
      long parameters) {
    return model(
        engine,
        tokenizer,
        id,
        endToken,
        contextLength,
        vocabSize,
        width,
        layers,
        heads,
        parameters,
        ChatSupport.none("This model has no chat template."));
  }

  private static ServedModel model(
      Engine engine,
      Gpt2Tokenizer tokenizer,
      String id,
      int endToken,
      int contextLength,
      int vocabSize,
      int width,
      int layers,
      int heads,
      long parameters,
      ChatSupport chat) {
    return new ServedModel(
        engine,
        tokenizer,
        id,
        List.of(ALIAS),
        null,
        Set.of(endToken),
        contextLength,
        vocabSize,
        width,
        layers,
        heads,
        parameters,
        "float32",
        "cpu",
        "avx512vnni",
        0,
        chat,
        Instant.EPOCH);
  }
}
