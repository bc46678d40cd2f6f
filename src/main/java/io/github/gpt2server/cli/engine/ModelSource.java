package io.github.gpt2server.cli.engine;

import io.github.gpt2server.serving.ServedModel;

/** Loader of the model for a command. */
@FunctionalInterface
public interface ModelSource {

  /** Loads the model that the settings name. The source's owner stops its engine. */
  ServedModel open();
}
