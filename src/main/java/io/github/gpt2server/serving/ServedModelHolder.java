package io.github.gpt2server.serving;

import java.util.Optional;

/** Holds the served model, which is absent while it loads: the web server starts before it. */
public final class ServedModelHolder {
  private volatile ServedModel model;

  /** The served model, or empty while it loads. */
  public Optional<ServedModel> get() {
    return Optional.ofNullable(model);
  }

  /** Makes the model known; from now on requests are answered. */
  public void set(ServedModel loaded) {
    model = loaded;
  }
}
