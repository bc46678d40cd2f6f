package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.platform.Libc;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The weights of a model folder, from {@code model.safetensors}, from the shards that {@code
 * model.safetensors.index.json} lists, or, in a folder that has neither, from {@code
 * pytorch_model.bin} or the shards of {@code pytorch_model.bin.index.json}. That every tensor is
 * there, with the shape that the configuration asks for and in a type that can be read, is checked
 * when they are opened; a tensor's bytes are mapped when {@link #get} asks for it.
 *
 * <p>Tensors go by the names of OpenAI's checkpoint: {@code wte.weight} [vocab, width], {@code
 * wpe.weight} [context, width]; for each block {@code h.0.ln_1}, {@code h.0.attn.c_attn} [width, 3
 * width], {@code h.0.attn.c_proj} [width, width], {@code h.0.ln_2}, {@code h.0.mlp.c_fc} [width,
 * inner], {@code h.0.mlp.c_proj} [inner, width], each with {@code .weight} and {@code .bias};
 * {@code ln_f}; and {@code lm_head.weight} [vocab, width]. Linear weights stay as stored, [in,
 * out]. Prefixes that wrappers leave in the files, {@code transformer.} and others, are dropped; a
 * model without biases has zeros for them; tensors that are no weights, such as the buffers {@code
 * h.0.attn.bias} and {@code h.0.attn.masked_bias}, are ignored.
 */
public final class Weights {
  private static final Logger log = LoggerFactory.getLogger(Weights.class);

  private static final String SAFETENSORS = "model.safetensors";
  private static final String PYTORCH = "pytorch_model.bin";
  private static final String INDEX = ".index.json";

  /**
   * The model inside its language model, PyTorch's data-parallel wrapper, and torch.compile's; each
   * may hold the others.
   */
  private static final Pattern PREFIXES =
      Pattern.compile("^(?:transformer\\.|module\\.|_orig_mod\\.)+");

  private static final String EMBEDDING = "wte.weight";
  private static final String UNEMBEDDING = "lm_head.weight";

  /** Causal masks, which older versions of transformers saved along with the weights. */
  private static final Pattern MASKS =
      Pattern.compile("h\\.\\d+\\.(?:attn|crossattention)\\.(?:bias|masked_bias)");

  private static final Pattern BLOCK = Pattern.compile("h\\.(\\d{1,9})\\..*");

  private static final Pattern NUMBER = Pattern.compile("^h\\.\\d+\\.");

  /** The file of a tensor, and its name there. */
  private record Location(TensorFile file, String storedName) {}

  private final Map<String, Location> locations;

  /** The shapes of biases that the files do not have. */
  private final Map<String, long[]> zeros;

  /** Those that the files have. */
  private final Set<String> names;

  private final boolean tiedEmbeddings;
  private final long parameterCount;

  private Weights(
      Map<String, Location> locations,
      Map<String, long[]> zeros,
      Map<String, long[]> shapes,
      boolean tiedEmbeddings) {
    this.locations = locations;
    this.zeros = zeros;
    this.names = shapes.keySet();
    this.tiedEmbeddings = tiedEmbeddings;
    this.parameterCount = shapes.values().stream().mapToLong(Weights::elementCount).sum();
  }

  /**
   * Finds a folder's weights and checks them against its configuration.
   *
   * @throws ModelLoadException if a file is missing or not valid, or a tensor is missing, misshapen
   *     or of a type that cannot be read
   */
  public static Weights open(Path folder, Gpt2Config config) {
    Path source = source(folder);
    Map<String, Location> found =
        canonical(isIndex(source) ? openShards(source) : List.of(openFile(source)));

    Map<String, long[]> expected = expectedShapes(config);
    Map<String, long[]> zeros = missingBiases(found, expected);
    expected.keySet().removeAll(zeros.keySet());
    if (config.tiedEmbeddings() && found.containsKey(UNEMBEDDING)) {
      // Of a pair that is one tensor some files have only the name that comes first.
      found.putIfAbsent(EMBEDDING, found.get(UNEMBEDDING));
    }
    expected.forEach((name, shape) -> check(name, shape, found, source));
    checkNoFurtherBlocks(found, config);
    warnOfStrangers(found, expected, source);
    warnOfMissingBiases(zeros, source);

    long[] embeddingShape = expected.get(EMBEDDING);
    boolean tied = config.tiedEmbeddings() && !hasOwnUnembedding(found, embeddingShape, source);
    if (tied) {
      found.put(UNEMBEDDING, found.get(EMBEDDING));
    } else {
      check(UNEMBEDDING, embeddingShape, found, source);
      expected.put(UNEMBEDDING, embeddingShape);
    }
    return new Weights(found, zeros, expected, tied);
  }

  /**
   * Maps a tensor by its canonical name. {@code lm_head.weight} is always there; with tied
   * embeddings it is {@code wte.weight} over again.
   *
   * @throws ModelLoadException if its file has become unreadable
   * @throws IllegalArgumentException if a model of this shape has no such tensor
   */
  public TensorData get(String name) {
    if (zeros.containsKey(name)) {
      return zero(name, zeros.get(name));
    }
    Location location = locations.get(name);
    if (location == null) {
      throw new IllegalArgumentException("no tensor is called " + name);
    }
    TensorData stored = location.file().read(location.storedName());
    return new TensorData(name, stored.dtype(), stored.shape(), stored.strides(), stored.data());
  }

  /**
   * Reads every weight once, to see that it is a finite number.
   *
   * @param check tried first
   * @throws ModelLoadException if one is infinite or not a number; it names the tensor
   */
  public void requireFinite(FiniteCheck check) {
    for (String name : names) {
      TensorData tensor = get(name);
      boolean finite = check.allFinite(tensor.data(), NonFiniteSearch.exponents(tensor.dtype()));
      if (!finite) {
        requireFinite(name, tensor);
      }
      release(tensor);
    }
  }

  private void requireFinite(String name, TensorData tensor) {
    NonFiniteSearch.firstOther(tensor)
        .ifPresent(
            place -> {
              throw new ModelLoadException(
                  ("tensor %s in %s has infinity or NaN as its number %d of %d, so the model's"
                          + " logits would not be numbers; convert or train the model again")
                      .formatted(
                          name,
                          locations.get(name).file().path(),
                          place + 1,
                          tensor.elementCount()));
            });
  }

  /**
   * Takes a tensor out of this process's memory, of which its pages are a part once they have been
   * read. If it is used again, they are read from the file again.
   */
  public void release(TensorData tensor) {
    if (!zeros.containsKey(tensor.name()) && Libc.isLinux()) {
      Libc.releaseMapped(tensor.data());
    }
  }

  /** Returns whether the unembedding is the token embedding. */
  public boolean tiedEmbeddings() {
    return tiedEmbeddings;
  }

  /** Number of parameters: tied embeddings counted once, buffers not at all. */
  public long parameterCount() {
    return parameterCount;
  }

  /** The first that is there of what a folder may have its weights in. */
  private static Path source(Path folder) {
    return Stream.of(SAFETENSORS, SAFETENSORS + INDEX, PYTORCH, PYTORCH + INDEX)
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst()
        .orElse(folder.resolve(SAFETENSORS));
  }

  private static boolean isIndex(Path source) {
    return source.toString().endsWith(INDEX);
  }

  private static TensorFile openFile(Path file) {
    return file.toString().endsWith(".bin") ? TorchFile.open(file) : SafetensorsFile.open(file);
  }

  private static List<TensorFile> openShards(Path index) {
    JsonObjectFile json = JsonObjectFile.read(index);
    JsonNode map = json.value("weight_map").filter(JsonNode::isObject).orElse(null);
    if (map == null) {
      throw new ModelLoadException(
          index + " has no weight_map that names the files of the weights");
    }
    Map<String, TensorFile> shards = new TreeMap<>();
    for (Map.Entry<String, JsonNode> tensor : map.properties()) {
      JsonNode value = tensor.getValue();
      TensorFile shard =
          shards.computeIfAbsent(
              value.isString() ? value.stringValue() : value.toString(),
              name -> openShard(index, name));
      if (!shard.names().contains(tensor.getKey())) {
        throw new ModelLoadException(
            "%s says that tensor %s is in %s, but it is not"
                .formatted(
                    index, MessageText.shorten(tensor.getKey()), shard.path().getFileName()));
      }
    }
    return List.copyOf(shards.values());
  }

  private static TensorFile openShard(Path index, String name) {
    String ending = index.endsWith(PYTORCH + INDEX) ? ".bin" : ".safetensors";
    // A name and no path: an index must not make the server read files outside its folder.
    if (!name.matches("[\\w.-]+") || !name.endsWith(ending)) {
      throw new ModelLoadException(
          "%s names a file %s, but weights must lie beside it in files called *%s"
              .formatted(index, MessageText.shorten(name), ending));
    }
    Path shard = index.resolveSibling(name);
    if (!Files.isRegularFile(shard)) {
      throw new ModelLoadException(
          "%s names the file %s, but the folder does not have it%s"
              .formatted(
                  index,
                  name,
                  Files.isSymbolicLink(shard)
                      ? ": that is a link to a file that does not exist"
                      : ""));
    }
    return openFile(shard);
  }

  private static Map<String, Location> canonical(List<TensorFile> files) {
    Map<String, Location> found = new LinkedHashMap<>();
    for (TensorFile file : files) {
      for (String stored : file.names()) {
        String name = PREFIXES.matcher(stored).replaceFirst("");
        Location other = found.put(name, new Location(file, stored));
        if (other != null) {
          throw new ModelLoadException(
              "tensor %s is there twice: as %s in %s and as %s in %s"
                  .formatted(
                      MessageText.shorten(name),
                      MessageText.shorten(other.storedName()),
                      other.file().path(),
                      MessageText.shorten(stored),
                      file.path()));
        }
      }
    }
    return found;
  }

  public static Map<String, long[]> expectedShapes(Gpt2Config config) {
    long width = config.width();
    long inner = config.innerWidth();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(EMBEDDING, new long[] {config.vocabSize(), width});
    shapes.put("wpe.weight", new long[] {config.contextLength(), width});
    for (int layer = 0; layer < config.layers(); layer++) {
      String block = "h." + layer + ".";
      putLayerNorm(shapes, block + "ln_1", width);
      putLinear(shapes, block + "attn.c_attn", width, 3 * width);
      putLinear(shapes, block + "attn.c_proj", width, width);
      putLayerNorm(shapes, block + "ln_2", width);
      putLinear(shapes, block + "mlp.c_fc", width, inner);
      putLinear(shapes, block + "mlp.c_proj", inner, width);
    }
    putLayerNorm(shapes, "ln_f", width);
    return shapes;
  }

  private static void putLayerNorm(Map<String, long[]> shapes, String name, long width) {
    shapes.put(name + ".weight", new long[] {width});
    shapes.put(name + ".bias", new long[] {width});
  }

  private static void putLinear(Map<String, long[]> shapes, String name, long in, long out) {
    shapes.put(name + ".weight", new long[] {in, out});
    shapes.put(name + ".bias", new long[] {out});
  }

  /**
   * The biases of a kind, such as {@code mlp.c_fc.bias}, that no block has: a model trained without
   * them, as nanoGPT's {@code bias=False} does.
   */
  private static Map<String, long[]> missingBiases(
      Map<String, Location> found, Map<String, long[]> expected) {
    Set<String> there = found.keySet().stream().map(Weights::kind).collect(Collectors.toSet());
    Map<String, long[]> missing = new LinkedHashMap<>();
    expected.forEach(
        (name, shape) -> {
          if (name.endsWith(".bias") && !there.contains(kind(name))) {
            missing.put(name, shape);
          }
        });
    return missing;
  }

  private static void warnOfMissingBiases(Map<String, long[]> missing, Path source) {
    if (!missing.isEmpty()) {
      log.warn(
          "{} has no {}: zeros are used",
          source,
          missing.keySet().stream()
              .map(Weights::kind)
              .distinct()
              .collect(Collectors.joining(", ")));
    }
  }

  /** A tensor's name without its block. */
  private static String kind(String name) {
    return NUMBER.matcher(name).replaceFirst("");
  }

  private static TensorData zero(String name, long... shape) {
    int bytes = (int) elementCount(shape) * DataType.F32.bytes();
    return TensorData.contiguous(name, DataType.F32, shape, ByteBuffer.allocateDirect(bytes));
  }

  private static void check(
      String name, long[] expected, Map<String, Location> found, Path source) {
    Location location = found.get(name);
    if (location == null) {
      throw new ModelLoadException(
          "%s has no tensor %s, which config.json asks for with shape %s"
              .formatted(source, name, MessageText.shape(expected)));
    }
    long[] shape = location.file().shape(location.storedName());
    if (!Arrays.equals(shape, expected)) {
      throw new ModelLoadException(
          "tensor %s in %s has shape %s, but config.json asks for %s"
              .formatted(
                  name,
                  location.file().path(),
                  MessageText.shape(shape),
                  MessageText.shape(expected)));
    }
    location.file().requireReadable(location.storedName());
  }

  /** A config.json that counts too few blocks would make a model that runs and writes nonsense. */
  private static void checkNoFurtherBlocks(Map<String, Location> found, Gpt2Config config) {
    found.forEach(
        (name, location) -> {
          Matcher block = BLOCK.matcher(name);
          if (block.matches() && Integer.parseInt(block.group(1)) >= config.layers()) {
            throw new ModelLoadException(
                "%s has tensor %s, but config.json has n_layer %d"
                    .formatted(location.file().path(), MessageText.shorten(name), config.layers()));
          }
        });
  }

  /**
   * Tensors that GPT-2 has no use for mean that the files are of a model with further parts, which
   * are left out: something for the log, as in Hugging Face transformers.
   */
  private static void warnOfStrangers(
      Map<String, Location> found, Map<String, long[]> expected, Path source) {
    List<String> strangers =
        found.keySet().stream()
            .filter(name -> !expected.containsKey(name) && !name.equals(UNEMBEDDING))
            .filter(name -> !MASKS.matcher(name).matches())
            .toList();
    if (!strangers.isEmpty()) {
      log.warn(
          "{} has {} tensors that are not part of a GPT-2 model and are ignored, {} among them",
          source,
          strangers.size(),
          MessageText.shorten(strangers.get(0)));
    }
  }

  /**
   * Returns whether files of a model whose configuration says that embeddings are tied hold an
   * unembedding that differs from the embedding. Such a one is used, with a warning, as Hugging
   * Face transformers 5 does: the configuration's flag is a default that many forget to change.
   */
  private static boolean hasOwnUnembedding(Map<String, Location> found, long[] shape, Path source) {
    Location unembedding = found.get(UNEMBEDDING);
    if (unembedding == null) {
      return false;
    }
    check(UNEMBEDDING, shape, found, source);
    Location embedding = found.get(EMBEDDING);
    TensorData out = unembedding.file().read(unembedding.storedName());
    TensorData in = embedding.file().read(embedding.storedName());
    if (out.dtype() == in.dtype()
        && Arrays.equals(out.strides(), in.strides())
        && out.data().equals(in.data())) {
      return false;
    }
    log.warn(
        "{} has an {} that differs from {}: it is used, although config.json has"
            + " tie_word_embeddings true",
        source,
        UNEMBEDDING,
        EMBEDDING);
    return true;
  }

  private static long elementCount(long... shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }
}
