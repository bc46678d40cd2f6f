package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/**
 * The architecture that a model folder's {@code config.json} describes; field names as in Hugging
 * Face's {@code GPT2Config} are given in brackets, and its defaults hold where a field is absent;
 * its other names for them, such as {@code hidden_size}, are known as well.
 *
 * @param vocabSize how many token ids there are ({@code vocab_size})
 * @param contextLength how many positions there are ({@code n_positions}, else {@code n_ctx})
 * @param width the length of a residual stream vector ({@code n_embd})
 * @param layers how many blocks there are ({@code n_layer})
 * @param heads how many attention heads a block has ({@code n_head}); divides {@code width}
 * @param innerWidth the width inside a block's MLP ({@code n_inner}, else four times the width)
 * @param layerNormEpsilon what is added to the variance ({@code layer_norm_epsilon})
 * @param activation the MLP's function ({@code activation_function})
 * @param tiedEmbeddings whether the unembedding is the token embedding ({@code
 *     tie_word_embeddings}); what the files hold decides in the end, see {@link
 *     Weights#tiedEmbeddings()}
 * @param endOfText the ids that end a text ({@code eos_token_id}, a number or an array, of {@code
 *     generation_config.json} where that has it); ids outside the vocabulary, which no model can
 *     write, are left out, so it may be empty
 * @param scaleAttnWeights whether attention scores are divided by the root of the head width
 *     ({@code scale_attn_weights})
 * @param scaleAttnByInverseLayerIdx whether the scores of block {@code l}, counted from 0, are
 *     divided by {@code l + 1} as well ({@code scale_attn_by_inverse_layer_idx})
 * @param reorderAndUpcastAttn whether attention scores are computed in float32 even where the
 *     weights are of a shorter type ({@code reorder_and_upcast_attn})
 */
public record Gpt2Config(
    int vocabSize,
    int contextLength,
    int width,
    int layers,
    int heads,
    int innerWidth,
    double layerNormEpsilon,
    Activation activation,
    boolean tiedEmbeddings,
    List<Integer> endOfText,
    boolean scaleAttnWeights,
    boolean scaleAttnByInverseLayerIdx,
    boolean reorderAndUpcastAttn) {

  // Far above any GPT-2, and low enough that no product of two of them overflows a long.
  private static final int MAX_VOCAB_SIZE = 1 << 24;
  private static final int MAX_CONTEXT_LENGTH = 1 << 20;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;

  private static final double DEFAULT_LAYER_NORM_EPSILON = 1e-5;
  private static final int DEFAULT_END_OF_TEXT = 50256;

  /** Copies the list, which therefore cannot change later. */
  public Gpt2Config {
    endOfText = List.copyOf(endOfText);
  }

  /**
   * Reads {@code config.json} of a model folder, and {@code generation_config.json} if it is there.
   *
   * @throws ModelLoadException if it is missing, is not JSON, describes another kind of model or
   *     one that cannot be
   */
  public static Gpt2Config read(Path folder) {
    JsonObjectFile json = JsonObjectFile.read(folder.resolve("config.json"));
    requireGpt2(json);
    int vocabSize = required(json, MAX_VOCAB_SIZE, "vocab_size");
    int width = required(json, MAX_WIDTH, "n_embd", "hidden_size");
    int heads = required(json, MAX_WIDTH, "n_head", "num_attention_heads");
    if (width % heads != 0) {
      throw new ModelLoadException(
          "%s has n_embd %d and n_head %d, but n_embd must be a multiple of n_head"
              .formatted(json.file(), width, heads));
    }
    return new Gpt2Config(
        vocabSize,
        required(json, MAX_CONTEXT_LENGTH, "n_positions", "max_position_embeddings", "n_ctx"),
        width,
        required(json, MAX_LAYERS, "n_layer", "num_hidden_layers"),
        heads,
        json.positiveInt("n_inner", MAX_WIDTH).orElse(4 * width),
        layerNormEpsilon(json),
        activation(json),
        json.flag("tie_word_embeddings", true),
        endOfText(endOfTextFile(folder, json), vocabSize),
        json.flag("scale_attn_weights", true),
        json.flag("scale_attn_by_inverse_layer_idx", false),
        json.flag("reorder_and_upcast_attn", false));
  }

  /** The length of one head's queries, keys and values. */
  public int headWidth() {
    return width / heads;
  }

  private static void requireGpt2(JsonObjectFile json) {
    String modelType = json.text("model_type").orElse(null);
    if (modelType != null && !modelType.equals("gpt2")) {
      throw new ModelLoadException(
          "%s describes a %s model; only GPT-2 can be served"
              .formatted(json.file(), MessageText.shorten(modelType)));
    }
    // Files from before model_type name the class alone, or nothing.
    String architecture =
        json.value("architectures").map(names -> names.path(0).asString("")).orElse("");
    if (modelType == null && !architecture.isEmpty() && !architecture.startsWith("GPT2")) {
      throw new ModelLoadException(
          "%s describes a %s; only GPT-2 can be served"
              .formatted(json.file(), MessageText.shorten(architecture)));
    }
  }

  /** The first of these fields that is there; they are names of one, the usual one first. */
  private static int required(JsonObjectFile json, int max, String... names) {
    for (String name : names) {
      Optional<Integer> value = json.positiveInt(name, max);
      if (value.isPresent()) {
        return value.get();
      }
    }
    throw new ModelLoadException(
        "%s lacks %s, which a GPT-2 model needs".formatted(json.file(), names[0]));
  }

  private static double layerNormEpsilon(JsonObjectFile json) {
    JsonNode value = json.value("layer_norm_epsilon").orElse(null);
    if (value == null) {
      return DEFAULT_LAYER_NORM_EPSILON;
    }
    // The negated comparison also refuses what overflows to infinity.
    if (!value.isNumber() || !(value.asDouble(0) > 0 && value.asDouble(0) < 1)) {
      throw json.wrong("layer_norm_epsilon", value, "a number between 0 and 1");
    }
    return value.asDouble();
  }

  private static Activation activation(JsonObjectFile json) {
    String name = json.text("activation_function").orElse("gelu_new");
    return Activation.ofConfigName(name)
        .orElseThrow(
            () ->
                new ModelLoadException(
                    "%s has activation_function \"%s\", but only %s are supported"
                        .formatted(
                            json.file(), MessageText.shorten(name), Activation.CONFIG_NAMES)));
  }

  private static JsonObjectFile endOfTextFile(Path folder, JsonObjectFile config) {
    Path file = folder.resolve("generation_config.json");
    if (!Files.exists(file)) {
      return config;
    }
    JsonObjectFile generation = JsonObjectFile.read(file);
    return generation.value("eos_token_id").isPresent() ? generation : config;
  }

  private static List<Integer> endOfText(JsonObjectFile json, int vocabSize) {
    if (!json.node().has("eos_token_id")) {
      return DEFAULT_END_OF_TEXT < vocabSize ? List.of(DEFAULT_END_OF_TEXT) : List.of();
    }
    JsonNode value = json.value("eos_token_id").orElse(null);
    if (value == null) {
      return List.of();
    }
    List<JsonNode> ids =
        value.isArray()
            ? StreamSupport.stream(value.spliterator(), false).toList()
            : List.of(value);
    if (!ids.stream().allMatch(JsonNode::isIntegralNumber)) {
      throw json.wrong("eos_token_id", value, "a token id, an array of them or null");
    }
    return ids.stream()
        .filter(JsonNode::canConvertToInt)
        .map(JsonNode::intValue)
        .filter(id -> id >= 0 && id < vocabSize)
        .distinct()
        .toList();
  }
}
