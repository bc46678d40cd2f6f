package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.LogprobsCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Turns a {@link CompletionRequest} into a {@link CompletionSpec}, or refuses it. */
final class CompletionValidator {
  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader reader;

  CompletionValidator(ServedModel model, ApiLimits limits) {
    this.model = model;
    this.limits = limits;
    this.reader = new PromptReader(model);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  CompletionSpec validate(CompletionRequest request) {
    boolean stream = isTrue(request.stream());
    boolean echo = isTrue(request.echo());
    boolean addSpecialTokens = request.addSpecialTokens() == null || request.addSpecialTokens();
    CompletionRequest.StreamOptions options = request.streamOptions();
    boolean includeUsage = options != null && isTrue(options.includeUsage());
    boolean continuousUsage = options != null && isTrue(options.continuousUsageStats());

    ModelCheck.check(request.model(), model);
    int n = Bounds.integer("n", request.n(), 1, 1, limits.maxSequences());
    refuseSuffix(request.suffix());
    int candidates = candidates(request.bestOf(), n, stream);
    Logprobs logprobs = logprobs(request.logprobs(), request.logprobTokenIds());
    checkStreamOptions(stream, includeUsage, continuousUsage);
    OutputLength length =
        OutputLength.of(request.maxTokens(), echo, limits.maxTokens(), model.contextLength());
    List<PromptTokens> prompts =
        prompts(request.prompt(), addSpecialTokens, request.truncatePromptTokens(), length);
    requireFewSequences(prompts.size(), n, candidates);
    requireFewLogprobs(logprobs, prompts, candidates, echo, stream, length);
    SamplingFields sampling = SamplingFields.check(request, length.asked(), model.tokenizer());
    StopFields stop =
        StopFields.check(
            isTrue(request.ignoreEos()),
            request.stopTokenIds(),
            request.stop(),
            sampling.parameters().minTokens(),
            model);

    // best_of ranks candidates by their log-probabilities even if none are reported.
    Logprobs computed = candidates > n && !logprobs.wanted() ? Logprobs.top(0) : logprobs;
    List<SequenceRequest> sequences = new ArrayList<>();
    for (PromptTokens prompt : prompts) {
      for (int choice = 0; choice < candidates; choice++) {
        sequences.add(
            new SequenceRequest(
                prompt.ids(),
                length.after(prompt.length()),
                sampling.forChoice(choice),
                stop.tokenIds(),
                stop.strings(),
                isTrue(request.includeStopStrInOutput()),
                echo && logprobs.wanted() && prompt.length() > 1
                    ? PromptProbabilities.ECHO
                    : PromptProbabilities.NONE,
                computed,
                new PrefixReuse(prompt.length(), request.cacheSalt())));
      }
    }
    String id = RandomId.of("cmpl-");
    return new CompletionSpec(
        id,
        Instant.now().getEpochSecond(),
        model.id(),
        prompts,
        n,
        candidates,
        new Generation(id, sequences, limits.requestTimeout(), stream),
        model.tokenizer(),
        echo,
        logprobs.wanted(),
        stream,
        includeUsage,
        continuousUsage,
        isTrue(request.returnTokenIds()));
  }

  private static void refuseSuffix(String suffix) {
    if (suffix != null && !suffix.isEmpty()) {
      throw ApiException.invalid(
          "suffix",
          "suffix is not supported: GPT-2 cannot insert text before a suffix. Remove suffix.");
    }
  }

  /** The number of sequences generated for each prompt, of which the n likeliest are returned. */
  private int candidates(Integer requested, int n, boolean stream) {
    int bestOf = Bounds.integer("best_of", requested, n, 1, limits.maxSequences());
    if (bestOf < n) {
      throw ApiException.invalid(
          "best_of", "best_of must be at least n, which is " + n + ", but is " + bestOf + ".");
    }
    if (stream && bestOf > n) {
      throw ApiException.invalid(
          "best_of",
          ("best_of = %d cannot be streamed with n = %d: the best choices are known only at the end."
                  + " Remove best_of or stream.")
              .formatted(bestOf, n));
    }
    return bestOf;
  }

  private Logprobs logprobs(Integer top, int[] requestedIds) {
    int[] tokenIds =
        requestedIds == null
            ? new int[0]
            : IntStream.of(reader.tokens("logprob_token_ids", requestedIds)).distinct().toArray();
    if (top == null && tokenIds.length == 0) {
      return Logprobs.NONE;
    }
    int max = limits.maxLogprobs(model.vocabSize());
    if (tokenIds.length > max) {
      throw ApiException.invalid(
          "logprob_token_ids",
          "logprob_token_ids contains %d tokens, but the limit is %d per position; send fewer."
              .formatted(tokenIds.length, max));
    }
    return new Logprobs(true, Bounds.integer("logprobs", top, 0, 0, max), tokenIds);
  }

  private static void checkStreamOptions(
      boolean stream, boolean includeUsage, boolean continuousUsage) {
    if ((includeUsage || continuousUsage) && !stream) {
      throw ApiException.invalid(
          "stream_options",
          "stream_options requires stream: true; set stream, or remove stream_options.");
    }
    if (continuousUsage && !includeUsage) {
      throw ApiException.invalid(
          "stream_options",
          "stream_options.continuous_usage_stats requires include_usage: true; set include_usage,"
              + " or remove continuous_usage_stats.");
    }
  }

  /**
   * The prompts, truncated if requested, each with room for the output.
   *
   * @param keep number of tokens to keep, -1 for as many as fit, or null for all
   */
  private List<PromptTokens> prompts(
      Prompt prompt, boolean addSpecialTokens, Integer keep, OutputLength length) {
    PromptReader suitable = keep == null ? reader : reader.ofAnyLength();
    List<PromptTokens> prompts = suitable.prompts("prompt", prompt, addSpecialTokens);
    if (keep != null) {
      if (keep < -1 || keep == 0) {
        throw ApiException.invalid(
            "truncate_prompt_tokens",
            "truncate_prompt_tokens must be at least 1, or -1 to keep as many tokens as fit, but is "
                + keep
                + ".");
      }
      // At least one token is retained: if there is no room even for that, the check below refuses
      // it.
      int limit = keep == -1 ? Math.max(1, model.contextLength() - length.reserved()) : keep;
      prompts = prompts.stream().map(each -> each.last(limit)).toList();
    }
    prompts.forEach(each -> length.after(each.length()));
    return prompts;
  }

  private void requireFewSequences(int prompts, int n, int candidates) {
    long sequences = (long) prompts * candidates;
    if (sequences > limits.maxSequences()) {
      throw ApiException.invalid(
          candidates > n ? "best_of" : "n",
          "%d prompts with %s = %d request %d choices, but the limit is %d per request; send several requests."
              .formatted(
                  prompts,
                  candidates > n ? "best_of" : "n",
                  candidates,
                  sequences,
                  limits.maxSequences()));
    }
  }

  /** Streamed log-probabilities are sent token by token, except those of an echoed prompt. */
  private void requireFewLogprobs(
      Logprobs logprobs,
      List<PromptTokens> prompts,
      int candidates,
      boolean echo,
      boolean stream,
      OutputLength length) {
    long positions = 0;
    for (PromptTokens prompt : prompts) {
      long echoed = echo ? prompt.length() : 0;
      positions += candidates * (echoed + (stream ? 0 : length.after(prompt.length())));
    }
    LogprobsCheck.check(
        "logprobs",
        logprobs.top() + logprobs.tokenIds().length,
        model.vocabSize(),
        positions,
        "max_tokens, n or the prompts, or stream");
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
