package io.github.gpt2server.cli.verify;

import io.github.gpt2server.cli.console.CommandException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Numbers that somebody published about models.
 *
 * @param file where they stand, for messages
 * @param shapes of models, by id
 * @param entries the numbers
 */
record PublishedNumbers(String file, Map<String, Shape> shapes, List<Entry> entries) {

  /**
   * What tells models of GPT-2's family from each other; layers and width show in the parameters.
   *
   * @param vocabSize how many token ids there are
   * @param contextLength how many positions
   * @param parameters how many numbers the weights have, tied embeddings counted once
   */
  record Shape(int vocabSize, int contextLength, long parameters) {

    @Override
    public String toString() {
      return "%d tokens, %d positions, %d parameters"
          .formatted(vocabSize, contextLength, parameters);
    }
  }

  /**
   * A number.
   *
   * @param model whose it is; null if that is not said
   * @param source who published it
   * @param check how to compute it, or null
   * @param unchecked a line that says why not where {@code check} is null, else null
   */
  record Entry(String model, String source, Check check, CheckResult unchecked) {}

  /** The numbers of a model, and those that belong to none. */
  List<Entry> of(String id) {
    return entries.stream()
        .filter(entry -> entry.model() == null || entry.model().equals(id))
        .toList();
  }

  /** The ids of all models that there are numbers of. */
  Set<String> ids() {
    Set<String> ids = new TreeSet<>(shapes.keySet());
    entries.stream().map(Entry::model).filter(model -> model != null).forEach(ids::add);
    return ids;
  }

  /**
   * The model that goes by this id, whoever published it, or else has this shape.
   *
   * @throws CommandException if the id is known but belongs to another shape
   */
  Optional<String> identify(String id, Shape shape) {
    String name = id.substring(id.lastIndexOf('/') + 1);
    if (ids().contains(name)) {
      Shape known = shapes.getOrDefault(name, shape);
      if (!known.equals(shape)) {
        throw new CommandException(
            "The model is called %s but has %s, where %s has %s: say by --as which of %s it is."
                .formatted(id, shape, name, known, String.join(", ", ids())));
      }
      return Optional.of(name);
    }
    List<String> same =
        shapes.entrySet().stream()
            .filter(entry -> entry.getValue().equals(shape))
            .map(Map.Entry::getKey)
            .toList();
    return same.size() == 1 ? Optional.of(same.get(0)) : Optional.empty();
  }
}
