package io.github.gpt2server.api.request;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;

/** Checks that prompt and output fit the model's context; they are never cut silently. */
public final class ContextCheck {

  private ContextCheck() {}

  /**
   * Checks what is known of a text before it is tokenized.
   *
   * @param field the place of the text, such as {@code prompt[2]}
   * @param least the least number of tokens that it can have
   * @throws ApiException 400 with the code {@code context_length_exceeded}
   */
  static void checkLeast(int contextLength, String field, int least) {
    if (least > contextLength) {
      throw ApiException.invalid(
          field.replaceFirst("\\[.*", ""),
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "This model's context holds %d tokens, but %s has at least %d; shorten it."
              .formatted(contextLength, field, least));
    }
  }

  /**
   * Checks one prompt.
   *
   * @throws ApiException 400 with the code {@code context_length_exceeded}
   */
  public static void check(int contextLength, int promptTokens, int maxTokens) {
    check(contextLength, promptTokens, maxTokens, "prompt", "max_tokens");
  }

  /**
   * Checks one prompt of a request whose fields have these names.
   *
   * @param promptField the field with the prompt
   * @param lengthField the field with the number of tokens to generate
   * @throws ApiException 400 with the code {@code context_length_exceeded}
   */
  public static void check(
      int contextLength, int promptTokens, int maxTokens, String promptField, String lengthField) {
    long asked = (long) promptTokens + maxTokens;
    if (asked <= contextLength) {
      return;
    }
    boolean promptAlone = promptTokens >= contextLength;
    String parts =
        maxTokens == 0
            ? "in the prompt"
            : "(" + promptTokens + " in the prompt and " + maxTokens + " to generate)";
    throw ApiException.invalid(
        promptAlone || maxTokens == 0 ? promptField : lengthField,
        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
        "This model's context holds "
            + contextLength
            + " tokens, but the request needs "
            + asked
            + " "
            + parts
            + "; shorten the prompt"
            + (maxTokens == 0
                ? "."
                : ", lower "
                    + lengthField
                    + " or keep the prompt's end with truncate_prompt_tokens."));
  }
}
