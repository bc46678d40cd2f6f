package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.LogprobsCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Makes a {@link ValidCompletion} of a request, or says what is wrong with it. */
final class CompletionValidator {
  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader prompts;

  CompletionValidator(ServedModel model, ApiLimits limits) {
    this.model = model;
    this.limits = limits;
    this.prompts = new PromptReader(model);
  }

  /**
   * Checks a request.
   *
   * @throws ApiException 400 or 404, if it cannot be answered
   */
  ValidCompletion validate(CompletionRequest request) {
    ModelCheck.check(request.model(), model);
    int n = Bounds.integer("n", request.n(), 1, 1, limits.maxSequences());
    refuseSuffix(request);
    boolean stream = isTrue(request.stream());
    int candidates = candidates(request, n, stream);
    boolean echo = isTrue(request.echo());
    Logprobs logprobs = logprobs(request);
    boolean includeUsage =
        request.streamOptions() != null && isTrue(request.streamOptions().includeUsage());
    boolean continuousUsage =
        request.streamOptions() != null && isTrue(request.streamOptions().continuousUsageStats());
    if ((includeUsage || continuousUsage) && !stream) {
      throw ApiException.invalid(
          "stream_options", "stream_options needs stream: true; set it or leave the options out.");
    }

    if (continuousUsage && !includeUsage) {
      throw ApiException.invalid(
          "stream_options",
          "stream_options.continuous_usage_stats needs include_usage: true; set it or leave the"
              + " option out.");
    }

    OutputLength length =
        OutputLength.of(request.maxTokens(), echo, limits.maxTokens(), model.contextLength());
    List<PromptTokens> promptTokens = fittingPrompts(request, length);
    if ((long) promptTokens.size() * candidates > limits.maxSequences()) {
      throw ApiException.invalid(
          candidates > n ? "best_of" : n > 1 ? "n" : "prompt",
          promptTokens.size()
              + " prompts with "
              + (candidates > n ? "best_of = " : "n = ")
              + candidates
              + " ask for "
              + (long) promptTokens.size() * candidates
              + " choices, but a request may have "
              + limits.maxSequences()
              + "; send several requests.");
    }
    requireFewLogprobs(logprobs, promptTokens, candidates, echo, stream, length);
    SamplingFields sampling = SamplingFields.check(request, length.asked(), model.tokenizer());
    Set<Integer> stopTokens = stopTokens(request);
    List<String> stopStrings = stopStrings(request.stop());
    boolean includeStop = isTrue(request.includeStopStrInOutput());
    requireCandidate(sampling.parameters().minTokens(), stopTokens);

    List<SequenceRequest> sequences = new ArrayList<>();
    for (PromptTokens prompt : promptTokens) {
      int maxTokens = length.after(prompt.length());
      for (int choice = 0; choice < candidates; choice++) {
        sequences.add(
            new SequenceRequest(
                prompt.ids(),
                maxTokens,
                sampling.forChoice(choice),
                stopTokens,
                stopStrings,
                includeStop,
                echo && logprobs.wanted() && prompt.length() > 1
                    ? PromptProbabilities.ECHO
                    : PromptProbabilities.NONE,
                // To choose the best, their log-probabilities must be known.
                candidates > n && !logprobs.wanted() ? Logprobs.top(0) : logprobs,
                new PrefixReuse(prompt.length(), request.cacheSalt())));
      }
    }
    String id = RandomId.of("cmpl-");
    return new ValidCompletion(
        id,
        Instant.now().getEpochSecond(),
        model.id(),
        promptTokens,
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

  private static void refuseSuffix(CompletionRequest request) {
    if (request.suffix() != null && !request.suffix().isEmpty()) {
      throw ApiException.invalid(
          "suffix", "suffix is not supported: GPT-2 cannot fill in a gap. Leave it out.");
    }
  }

  /** How many sequences are generated for each prompt, of which the n likeliest are returned. */
  private int candidates(CompletionRequest request, int n, boolean stream) {
    int bestOf = Bounds.integer("best_of", request.bestOf(), n, 1, limits.maxSequences());
    if (bestOf < n) {
      throw ApiException.invalid(
          "best_of", "best_of must be at least n, which is " + n + ", but is " + bestOf + ".");
    }
    if (stream && bestOf > n) {
      throw ApiException.invalid(
          "best_of",
          "best_of cannot be streamed: the best is known only at the end. Leave it or stream out.");
    }
    return bestOf;
  }

  private Logprobs logprobs(CompletionRequest request) {
    int[] tokenIds =
        request.logprobTokenIds() == null
            ? new int[0]
            : IntStream.of(prompts.tokens("logprob_token_ids", request.logprobTokenIds()))
                .distinct()
                .toArray();
    if (request.logprobs() == null && tokenIds.length == 0) {
      return Logprobs.NONE;
    }
    int max = limits.maxLogprobs(model.vocabSize());
    if (tokenIds.length > max) {
      throw ApiException.invalid(
          "logprob_token_ids",
          "logprob_token_ids holds %d tokens, but a position may report %d; send fewer."
              .formatted(tokenIds.length, max));
    }
    return new Logprobs(true, Bounds.integer("logprobs", request.logprobs(), 0, 0, max), tokenIds);
  }

  /** What is streamed is sent token by token, but an echoed prompt at once. */
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

  /** Every prompt, cut if asked, with room for the output. */
  private List<PromptTokens> fittingPrompts(CompletionRequest request, OutputLength length) {
    boolean addSpecialTokens = request.addSpecialTokens() == null || request.addSpecialTokens();
    Integer keep = request.truncatePromptTokens();
    PromptReader reader = keep == null ? prompts : prompts.ofAnyLength();
    List<PromptTokens> all = reader.prompts("prompt", request.prompt(), addSpecialTokens);
    if (keep != null && (keep < -1 || keep == 0)) {
      throw ApiException.invalid(
          "truncate_prompt_tokens",
          "truncate_prompt_tokens must be at least 1, or -1 for what fits, but is " + keep + ".");
    }
    List<PromptTokens> fitting = new ArrayList<>(all.size());
    for (PromptTokens prompt : all) {
      PromptTokens kept = prompt;
      if (keep != null) {
        // What fits is at least one token: if not even that has room, the check below says so.
        int limit = keep == -1 ? Math.max(1, model.contextLength() - length.reserved()) : keep;
        kept = prompt.last(limit);
      }
      // Refuses a prompt without room for the output.
      length.after(kept.length());
      fitting.add(kept);
    }
    return fitting;
  }

  /** A token must be left to generate where those that end the text are impossible. */
  private void requireCandidate(int minTokens, Set<Integer> stopTokens) {
    if (minTokens > 0 && stopTokens.size() == model.vocabSize()) {
      throw ApiException.invalid(
          "stop_token_ids",
          ("stop_token_ids, with the tokens that always end a text, holds all %d tokens, so that"
                  + " min_tokens = %d leaves none to generate; remove some of them, or min_tokens.")
              .formatted(model.vocabSize(), minTokens));
    }
  }

  private Set<Integer> stopTokens(CompletionRequest request) {
    Set<Integer> stopTokens = new HashSet<>();
    if (!isTrue(request.ignoreEos())) {
      stopTokens.addAll(model.endTokens());
    }
    if (request.stopTokenIds() != null) {
      for (int token : prompts.tokens("stop_token_ids", request.stopTokenIds())) {
        stopTokens.add(token);
      }
    }
    return stopTokens;
  }

  private static List<String> stopStrings(JsonNode stop) {
    if (stop == null) {
      return List.of();
    }
    if (!stop.isString() && !stop.isArray()) {
      throw wrongStop(stop.toString());
    }
    List<String> strings = new ArrayList<>();
    if (stop.isString()) {
      strings.add(stop.stringValue());
    } else {
      for (JsonNode item : stop) {
        if (!item.isString()) {
          throw wrongStop(item.toString());
        }
        strings.add(item.stringValue());
      }
    }
    for (String string : strings) {
      if (string.isEmpty()) {
        throw ApiException.invalid(
            "stop", "stop must not hold an empty string, which every text contains; leave it out.");
      }
      PromptReader.requireUnicode("stop", string);
    }
    return strings;
  }

  private static ApiException wrongStop(String found) {
    return ApiException.invalid(
        "stop",
        "stop must be a string or an array of strings, but holds " + Excerpt.of(found) + ".");
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
