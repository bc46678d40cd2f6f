package io.github.gpt2server.cli.verify;

import io.github.gpt2server.cli.console.CommandException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Published numbers about models.
 *
 * @param file the name of the file, for messages
 * @param shapes the shapes of models, by id
 * @param entries the numbers
 */
record PublishedNumbers(String file, Map<String, Shape> shapes, List<Entry> entries) {

  /**
   * The properties that distinguish models of GPT-2's family; layers and width show in the number
   * of parameters.
   *
   * @param vocabSize the number of token ids
   * @param contextLength the number of positions
   * @param parameters the number of weights, tied embeddings counted once
   */
  record Shape(int vocabSize, int contextLength, long parameters) {

    @Override
    public String toString() {
      return "%d tokens, %d positions, %d parameters"
          .formatted(vocabSize, contextLength, parameters);
    }
  }

  /**
   * A published number.
   *
   * @param model the id of its model, or null if the file does not name it
   * @param source the publication
   * @param check the computation, or null
   * @param unchecked the reason if {@code check} is null, else null
   */
  record Entry(String model, String source, Check check, CheckResult unchecked) {}

  /** The numbers of a model, and those without a model. */
  List<Entry> of(String id) {
    return entries.stream()
        .filter(entry -> entry.model() == null || entry.model().equals(id))
        .toList();
  }

  /** The ids of all models with numbers. */
  Set<String> ids() {
    Set<String> ids = new TreeSet<>(shapes.keySet());
    entries.stream().map(Entry::model).filter(model -> model != null).forEach(ids::add);
    return ids;
  }

  /**
   * Finds the model with this id, with or without an organisation, or else with this shape.
   *
   * @throws CommandException if the id is known but the shape is another
   */
  Optional<String> identify(String id, Shape shape) {
    String name = id.substring(id.lastIndexOf('/') + 1);
    if (ids().contains(name)) {
      Shape known = shapes.getOrDefault(name, shape);
      if (!known.equals(shape)) {
        throw new CommandException(
            "The model is called %s but has %s, where %s has %s: set --as to one of %s."
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
