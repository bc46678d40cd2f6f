package io.github.gpt2server.api.execution;

import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import org.springframework.stereotype.Component;

/** The served model, or a 503 while it is loading. */
@Component
public final class ServedModels {
  private final ServedModelHolder holder;

  /** Reads the model from this holder. */
  public ServedModels(ServedModelHolder holder) {
    this.holder = holder;
  }

  /**
   * The served model.
   *
   * @throws ApiException 503, while it is loading
   */
  public ServedModel get() {
    return holder
        .get()
        .orElseThrow(
            () ->
                ApiException.unavailable(
                    ErrorCode.MODEL_LOADING,
                    "The model is still loading; try again in a few seconds."));
  }
}
