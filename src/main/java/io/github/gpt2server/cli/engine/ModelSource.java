package io.github.gpt2server.cli.engine;

import io.github.gpt2server.serving.ServedModel;

/** Where a command gets the model from. */
@FunctionalInterface
public interface ModelSource {

  /** Loads the model that the settings name; whoever gave the source ends its engine. */
  ServedModel open();
}
