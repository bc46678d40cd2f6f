package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ContextCheck;
import io.github.gpt2server.web.error.ApiException;

/**
 * The maximum number of tokens of a request's choices.
 *
 * @param asked the requested number; {@link Integer#MAX_VALUE} for as many as fit
 * @param clamped whether an output that does not fit is limited to the context instead of refused
 * @param contextLength maximum number of tokens of prompt and output together
 * @param promptField the field with the prompt
 * @param field the field with the number of tokens
 */
public record OutputLength(
    int asked, boolean clamped, int contextLength, String promptField, String field) {
  private static final String MAX_TOKENS = "max_tokens";
  private static final String MESSAGES = "messages";

  /**
   * Validates {@code max_tokens} of a completion.
   *
   * @param scores whether 0 is a number too, because the prompt is scored
   * @throws ApiException 400, if it is invalid
   */
  public static OutputLength of(
      Integer value, boolean scores, MaxTokens setting, int contextLength) {
    if (value != null && value == 0 && !scores) {
      throw ApiException.invalid(
          MAX_TOKENS,
          "max_tokens must be at least 1, but is 0. To score the prompt alone, set echo: true.");
    }
    return of("prompt", MAX_TOKENS, value, setting, contextLength);
  }

  /**
   * Validates the length of a chat's answers, which without a number is the rest of the context.
   *
   * @param field the field that it was sent in
   * @throws ApiException 400, if it is invalid
   */
  public static OutputLength ofChat(
      String field, Integer value, MaxTokens setting, int contextLength) {
    if (value == null) {
      return new OutputLength(Integer.MAX_VALUE, true, contextLength, MESSAGES, field);
    }
    if (value == 0) {
      throw ApiException.invalid(field, field + " must be at least 1, but is 0.");
    }
    return of(MESSAGES, field, value, setting, contextLength);
  }

  private static OutputLength of(
      String promptField, String field, Integer value, MaxTokens setting, int contextLength) {
    if (value != null && value == -1) {
      if (!setting.clamped()) {
        throw ApiException.invalid(
            field,
            field
                + " is -1 (as many tokens as fit), which this server does not allow; send a number"
                + " that together with the prompt's tokens is at most "
                + contextLength
                + ", or start the server with gpt2.clamp-max-tokens=true.");
      }
      return new OutputLength(Integer.MAX_VALUE, true, contextLength, promptField, field);
    }
    int least = setting.clamped() ? -1 : 0;
    int asked = Bounds.integer(field, value, setting.absent(), least, Integer.MAX_VALUE);
    return new OutputLength(asked, setting.clamped(), contextLength, promptField, field);
  }

  /**
   * The maximum number of tokens that may follow a prompt.
   *
   * @throws ApiException 400 with the code {@code context_length_exceeded}
   */
  int after(int promptTokens) {
    if (!clamped) {
      ContextCheck.check(contextLength, promptTokens, asked, promptField, field);
      return asked;
    }
    ContextCheck.check(contextLength, promptTokens, Math.min(asked, 1), promptField, field);
    return Math.min(asked, contextLength - promptTokens);
  }

  /**
   * The number of tokens that a prompt truncated to what fits leaves for the output: the requested
   * number, or half of the context if the output would fill it and may be clamped.
   */
  int reserved() {
    return clamped && asked >= contextLength ? contextLength / 2 : asked;
  }
}
