package io.github.gpt2server.api;

import io.github.gpt2server.engine.ServedModel;

/** Whether a name means the served model. */
public final class ModelCheck {

  private ModelCheck() {}

  /**
   * Checks the model that a request names; none means the served one.
   *
   * @throws ApiException 404, if it names another
   */
  public static void check(String asked, ServedModel model) {
    if (asked != null && !means(asked, model)) {
      throw ApiException.modelNotFound(asked, model.id());
    }
  }

  /** The served id, its last part after a slash, or an alias. */
  private static boolean means(String asked, ServedModel model) {
    String id = model.id();
    return asked.equals(id)
        || asked.equals(id.substring(id.lastIndexOf('/') + 1))
        || model.aliases().contains(asked);
  }
}
