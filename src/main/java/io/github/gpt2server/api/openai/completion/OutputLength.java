package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ContextCheck;
import io.github.gpt2server.web.error.ApiException;

/**
 * How many tokens the choices of a request may have.
 *
 * @param asked the number asked for; the largest integer for as many as fit
 * @param clamped whether what does not fit ends at the context's end
 * @param contextLength how many tokens prompt and output may have together
 */
record OutputLength(int asked, boolean clamped, int contextLength) {

  /**
   * Reads {@code max_tokens}.
   *
   * @throws ApiException 400, if there is no such length
   */
  static OutputLength of(Integer value, boolean echo, MaxTokens setting, int contextLength) {
    if (value != null && value == 0 && !echo) {
      throw ApiException.invalid(
          "max_tokens",
          "max_tokens must be at least 1, but is 0; 0 is for scoring a prompt, with echo: true.");
    }
    if (value != null && value == -1) {
      if (!setting.clamped()) {
        throw ApiException.invalid(
            "max_tokens",
            "max_tokens is -1, which stands for all that fits only on a server with"
                + " gpt2.clamp-max-tokens=true; give a number, which with the prompt must not"
                + " exceed "
                + contextLength
                + ".");
      }
      return new OutputLength(Integer.MAX_VALUE, true, contextLength);
    }
    int least = setting.clamped() ? -1 : 0;
    int asked = Bounds.integer("max_tokens", value, setting.absent(), least, Integer.MAX_VALUE);
    return new OutputLength(asked, setting.clamped(), contextLength);
  }

  /**
   * How many tokens may follow a prompt.
   *
   * @throws ApiException 400 with the code {@code context_length_exceeded}
   */
  int after(int promptTokens) {
    if (!clamped) {
      ContextCheck.check(contextLength, promptTokens, asked);
      return asked;
    }
    ContextCheck.check(contextLength, promptTokens, Math.min(asked, 1));
    return Math.min(asked, contextLength - promptTokens);
  }

  /**
   * How many tokens a prompt that is cut to what fits leaves for the output: all that are asked
   * for, or half of the context if those alone would fill it and may be fewer.
   */
  int reserved() {
    return clamped && asked >= contextLength ? contextLength / 2 : asked;
  }
}
