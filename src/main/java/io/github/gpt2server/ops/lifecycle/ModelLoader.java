package io.github.gpt2server.ops.lifecycle;

/** Loads the model and starts its engine; called once. */
@FunctionalInterface
public interface ModelLoader {

  /**
   * Loads the model.
   *
   * @throws Exception if it cannot be loaded; the server then stops with the exception's message
   */
  LoadedModel load() throws Exception;
}
