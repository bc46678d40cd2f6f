package io.github.gpt2server.api.request;

import io.github.gpt2server.api.execution.AbortCheck;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.json.WellFormed;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads the forms in which a prompt may be sent and makes token ids of them. A text gets the tokens
 * that the tokenizer's files put around one, which for GPT-2's own are none. A prompt without any
 * token becomes the one that begins a text, in GPT-2 {@code <|endoftext|>}.
 */
public final class PromptReader {

  /** The id and the offset of a token; while a text is read, each character may be one. */
  private static final int TOKEN_BYTES = 8;

  /** The offset of a token that was sent as an id, and its text. */
  private static final int ID_BYTES = 16;

  private final ServedModel model;
  private final boolean anyLength;

  /** Reads prompts for this model, whose context must hold them. */
  public PromptReader(ServedModel model) {
    this(model, false);
  }

  private PromptReader(ServedModel model, boolean anyLength) {
    this.model = model;
    this.anyLength = anyLength;
  }

  /** A reader of prompts that will be cut to what the context holds. */
  public PromptReader ofAnyLength() {
    return new PromptReader(model, true);
  }

  /**
   * The token ids of {@link #prompts(String, Prompt, boolean)}, with the tokens that the tokenizer
   * puts around a text.
   *
   * @throws ApiException as that does
   */
  public List<int[]> prompts(String field, Prompt prompt) {
    return prompts(field, prompt, true).stream().map(PromptTokens::ids).toList();
  }

  /**
   * One or more prompts; an absent one has no token.
   *
   * @param prompt the prompt as sent, or null
   * @param addSpecialTokens whether a text gets the tokens that the tokenizer puts around one
   * @throws ApiException 400, if a text or an id is wrong
   */
  public List<PromptTokens> prompts(String field, Prompt prompt, boolean addSpecialTokens) {
    if (prompt instanceof Prompt.Text one) {
      return List.of(prompt(field, one.value(), addSpecialTokens));
    }
    if (prompt instanceof Prompt.Texts several) {
      List<String> texts = several.value();
      return IntStream.range(0, texts.size())
          .mapToObj(i -> prompt(field + "[" + i + "]", texts.get(i), addSpecialTokens))
          .toList();
    }
    if (prompt instanceof Prompt.TokenLists several) {
      List<int[]> lists = several.value();
      return IntStream.range(0, lists.size())
          .mapToObj(i -> known(field + "[" + i + "]", lists.get(i)))
          .toList();
    }
    return List.of(known(field, prompt instanceof Prompt.Tokens one ? one.value() : new int[0]));
  }

  private PromptTokens known(String field, int[] ids) {
    return prompt(field, tokens(field, ids));
  }

  /**
   * A prompt that is a text; one without any token becomes the one that begins a text.
   *
   * @param addSpecialTokens whether it gets the tokens that the tokenizer puts around a text
   * @throws ApiException as {@link #tokenize} does, or 400 if it cannot fit the context, or is
   *     empty and no token begins a text
   */
  public PromptTokens prompt(String field, String text, boolean addSpecialTokens) {
    requireMayFit(field, text);
    TokenizedText tokens = tokenize(field, text, addSpecialTokens);
    return tokens.ids().length == 0 ? prompt(field, tokens.ids()) : PromptTokens.of(text, tokens);
  }

  /**
   * A prompt of token ids; one without any becomes the one that begins a text.
   *
   * @throws ApiException 400, if it is empty and no token begins a text
   */
  public PromptTokens prompt(String field, int[] tokens) {
    RequestMemory.current().add(MemoryUse.TEXTS, (long) ID_BYTES * tokens.length);
    return PromptTokens.of(orBeginning(field, tokens), model.tokenizer());
  }

  /**
   * The token ids of a text, none for an empty one, and none around it.
   *
   * @throws ApiException as {@link #tokenize} does, or 400 if it cannot fit the context
   */
  public int[] encode(String field, String text) {
    requireMayFit(field, text);
    return tokenize(field, text, false).ids();
  }

  /**
   * The tokens of a text of any length.
   *
   * @param addSpecialTokens whether it gets the tokens that the tokenizer puts around one
   * @throws ApiException 400, if the text is not Unicode, the vocabulary lacks one of its bytes, or
   *     it is so long that this tokenizer cannot read it; 504, if the request's time is over
   * @throws ClientGoneException if the client leaves
   */
  public TokenizedText tokenize(String field, String text, boolean addSpecialTokens) {
    requireUnicode(field, text);
    AbortCheck abort = AbortCheck.current();
    abort.check();
    MemoryBudget.Reservation memory = RequestMemory.current().of(MemoryUse.TEXTS);
    long before = memory.bytes();
    memory.resize(before + (long) TOKEN_BYTES * text.length());
    try {
      TokenizedText tokens = model.tokenizer().tokenize(text, addSpecialTokens, abort::check);
      memory.resize(before + (long) TOKEN_BYTES * tokens.ids().length);
      return tokens;
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(
          field, field + " cannot be written in this model's tokens: " + e.getMessage() + ".");
    }
  }

  /**
   * Checks that a string is text.
   *
   * @throws ApiException 400, if it holds half of a surrogate pair, as JSON escapes can write
   */
  public static void requireUnicode(String field, String text) {
    if (!WellFormed.isWellFormed(text)) {
      throw ApiException.invalid(field, field + " " + WellFormed.PROBLEM);
    }
  }

  /**
   * The same token ids.
   *
   * @throws ApiException 400, if one is not in the vocabulary
   */
  public int[] tokens(String field, int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= model.vocabSize()) {
        throw ApiException.invalid(
            field,
            field
                + "["
                + i
                + "] is "
                + ids[i]
                + ", which is not a token id; the vocabulary has ids from 0 to "
                + (model.vocabSize() - 1)
                + ".");
      }
    }
    return ids;
  }

  /**
   * The tokens, or the one that begins a text if there are none.
   *
   * @throws ApiException 400, if there are none and no token begins a text
   */
  private int[] orBeginning(String field, int[] tokens) {
    return tokens.length == 0 ? new int[] {beginning(field)} : tokens;
  }

  /**
   * The token that begins a text.
   *
   * @throws ApiException 400, if this model has none
   */
  public int beginning(String field) {
    return model
        .tokenizer()
        .beginning()
        .orElseThrow(
            () ->
                ApiException.invalid(
                    field,
                    field
                        + " asks for the token that begins a text, as an empty prompt does, but"
                        + " this model has none (no bos_token and no eos_token); send a prompt."));
  }

  /** Tokenizing a text takes a thousand times as long as this does. */
  private void requireMayFit(String field, String text) {
    if (!anyLength) {
      ContextCheck.checkLeast(model.contextLength(), field, model.tokenizer().leastTokens(text));
    }
  }
}
