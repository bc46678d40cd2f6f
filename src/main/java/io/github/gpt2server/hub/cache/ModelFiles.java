package io.github.gpt2server.hub.cache;

import io.github.gpt2server.files.RegularFile;
import io.github.gpt2server.hub.http.HubException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files of a repository that the server needs, among them one of several weight formats. */
public final class ModelFiles {
  /** The file with the architecture and its sizes. */
  public static final String CONFIGURATION = "config.json";

  private static final List<String> SMALL =
      List.of(
          CONFIGURATION,
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "vocab.json",
          "merges.txt",
          "special_tokens_map.json",
          "chat_template.jinja",
          "added_tokens.json");

  /**
   * The files of weights in the order of preference: safetensors before pickles, one file before
   * shards.
   */
  private static final List<String> WEIGHTS =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private static final int MAX_INDEX_BYTES = 1 << 24;

  private ModelFiles() {}

  /**
   * Selects the files to download, without the shards of an index.
   *
   * @throws HubException if a required file is missing
   */
  public static Set<String> select(String model, Collection<String> all) {
    Set<String> selected = new LinkedHashSet<>(SMALL);
    selected.retainAll(Set.copyOf(all));
    Optional<String> weights = WEIGHTS.stream().filter(all::contains).findFirst();
    missing(selected, weights)
        .ifPresent(
            file -> {
              throw new HubException(
                  "%s has no %s, so it cannot be served; it has %s."
                      .formatted(model, file, names(all)));
            });
    selected.add(weights.orElseThrow());
    return selected;
  }

  /** The shard index among the selected files, if there is one. */
  public static Optional<String> index(Collection<String> selected) {
    return selected.stream().filter(name -> name.endsWith(".index.json")).findFirst();
  }

  /**
   * Reads the names of the shards from an index.
   *
   * @throws HubException if the index is malformed or names a file outside its folder
   */
  public static Set<String> shards(String model, Path index) {
    Set<String> shards = new TreeSet<>();
    try {
      for (JsonNode shard :
          JsonMapper.shared()
              .readTree(RegularFile.read(index, MAX_INDEX_BYTES))
              .path("weight_map")) {
        shards.add(shard.asString(""));
      }
    } catch (IOException | JacksonException e) {
      throw new HubException(
          "%s of %s cannot be read (%s)."
              .formatted(index.getFileName(), model, e.getClass().getSimpleName()),
          e);
    }
    for (String shard : shards) {
      if (!shard.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
        throw new HubException(
            "%s of %s names a shard that is not a file name ('%s')."
                .formatted(index.getFileName(), model, shard));
      }
    }
    return shards;
  }

  /**
   * The first file that a snapshot lacks, shards included; empty if it is complete.
   *
   * @throws HubException if its index cannot be read
   */
  public static Optional<String> missing(String model, Path snapshot) {
    return missing(snapshot)
        .or(
            () ->
                index(weights(snapshot).stream().toList())
                    .flatMap(
                        index ->
                            shards(model, snapshot.resolve(index)).stream()
                                .filter(shard -> !isFile(snapshot, shard))
                                .findFirst()));
  }

  /**
   * The first file that a folder lacks, without the shards of an index; empty if it is complete.
   */
  public static Optional<String> missing(Path folder) {
    return missing(SMALL.stream().filter(name -> isFile(folder, name)).toList(), weights(folder));
  }

  /**
   * A required file that is a link to a missing one, as every file in a copy of a cache without its
   * blobs is. A link to weights counts only if there are no other weights.
   */
  public static Optional<String> danglingLink(Path folder) {
    return Stream.concat(
            SMALL.stream(), weights(folder).isPresent() ? Stream.empty() : WEIGHTS.stream())
        .filter(name -> Files.isSymbolicLink(folder.resolve(name)))
        .filter(name -> !Files.exists(folder.resolve(name)))
        .findFirst();
  }

  /** A required file that is a pipe, a device or a folder. */
  public static Optional<String> irregular(Path folder) {
    return Stream.concat(SMALL.stream(), WEIGHTS.stream())
        .filter(name -> Files.exists(folder.resolve(name)) && !isFile(folder, name))
        .findFirst();
  }

  private static Optional<String> weights(Path folder) {
    return WEIGHTS.stream().filter(name -> isFile(folder, name)).findFirst();
  }

  private static Optional<String> missing(Collection<String> there, Optional<String> weights) {
    if (!there.contains(CONFIGURATION)) {
      return Optional.of(CONFIGURATION);
    }
    if (weights.isEmpty()) {
      return Optional.of("model.safetensors");
    }
    boolean tokenizer =
        there.contains("tokenizer.json")
            || (there.contains("vocab.json") && there.contains("merges.txt"));
    return tokenizer ? Optional.empty() : Optional.of("tokenizer.json");
  }

  private static boolean isFile(Path folder, String name) {
    return Files.isRegularFile(folder.resolve(name));
  }

  private static String names(Collection<String> all) {
    return all.isEmpty()
        ? "no files"
        : all.stream().sorted().limit(12).collect(Collectors.joining(", "))
            + (all.size() > 12 ? ", ..." : "");
  }
}
