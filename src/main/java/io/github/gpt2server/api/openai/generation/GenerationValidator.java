package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.openai.structured.StructureReader;
import io.github.gpt2server.api.openai.structured.StructureRules;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.LogprobsCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.constraint.token.TokenCursor;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.TextSearch;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.sampling.TextForm;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Turns the fields that completions and chats share into a {@link GenerationSpec}. */
public final class GenerationValidator {
  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader reader;
  private final StructureReader structures;
  private final ModelConstraints constraints;

  /**
   * Validates for this model, within these limits.
   *
   * @param constraints the compiled constraints of the model
   */
  public GenerationValidator(ServedModel model, ApiLimits limits, ModelConstraints constraints) {
    this.model = model;
    this.limits = limits;
    this.reader = new PromptReader(model);
    this.structures = new StructureReader(model, constraints);
    this.constraints = constraints;
  }

  /**
   * What an endpoint has found in its own fields.
   *
   * @param idPrefix the beginning of the response's id
   * @param promptField the field with the prompts
   * @param prompt the prompts as sent
   * @param addSpecialTokens whether texts get the tokens that the tokenizer puts around one
   * @param n number of choices for each prompt
   * @param candidates number of sequences, or of beams, for each prompt
   * @param echo whether choices begin with their prompt
   * @param logprobsField the field with the number of log-probabilities
   * @param logprobs the log-probabilities to report
   * @param length the largest number of tokens
   * @param stopStrings strings that end a text, besides those of the request
   */
  public record Parts(
      String idPrefix,
      String promptField,
      Prompt prompt,
      boolean addSpecialTokens,
      int n,
      int candidates,
      boolean echo,
      String logprobsField,
      Logprobs logprobs,
      OutputLength length,
      List<String> stopStrings) {}

  /**
   * Validates the shared fields of a request.
   *
   * @throws ApiException 400, if one is invalid
   */
  public GenerationSpec validate(GenerationFields request, Parts parts) {
    ReportFields report = request.report();
    StoppingFields stopping = request.stopping();
    boolean stream = isTrue(report.stream());
    StreamOptions options = report.streamOptions();
    boolean includeUsage = options != null && isTrue(options.includeUsage());
    boolean continuousUsage = options != null && isTrue(options.continuousUsageStats());
    Logprobs logprobs = parts.logprobs();
    OutputLength length = parts.length();
    int candidates = parts.candidates();

    checkStreamOptions(stream, includeUsage, continuousUsage);
    TokenHealing healing =
        isTrue(request.tokenHealing()) ? new TokenHealing(model, reader, constraints) : null;
    List<PromptTokens> prompts = prompts(parts, request.truncatePromptTokens(), healing);
    requireFewSequences(prompts.size(), parts.n(), candidates);
    requireFewLogprobs(parts, prompts, stream);
    SamplingSpec sampling =
        SamplingSpec.check(
            request.sampling(),
            stopping.minTokens(),
            length.asked(),
            request.seed(),
            model.tokenizer());
    StoppingSpec stop = StoppingSpec.check(stopping, sampling.parameters().minTokens(), model);
    sampling =
        sampling.with(
            new DecodingSpec(model, sampling.parameters(), stop.tokenIds())
                .check(request.decoding()));
    List<String> stopStrings = new ArrayList<>(stop.strings());
    stopStrings.addAll(parts.stopStrings());

    boolean reportsMass = isTrue(request.structured().returnStructuredMass());
    Structure structure = structures.read(request.structured());
    new StructureRules(model, stopping.stopTokenIds(), sampling.parameters(), reportsMass)
        .require(structure, prompts);
    SearchRules rules = SearchRules.of(request.search(), model, parts.n(), candidates);
    TextSearch search = null;
    if (rules != null) {
      int topK = sampling.parameters().topK();
      sampling = new SamplingSpec(rules.sampling(sampling.parameters(), stop), true);
      search =
          rules.search(request.search(), stream, healing != null, structure, length.asked(), topK);
      rules.reserve(
          search, prompts.stream().mapToInt(each -> each.length() + length.after(each.length())));
      // The sequences are the texts that the search returns.
      candidates = parts.n();
    }

    // Searches and best_of compare log-probabilities even if none are reported.
    boolean ranked = search != null || candidates > parts.n();
    Logprobs computed = ranked && !logprobs.wanted() ? Logprobs.top(0) : logprobs;
    List<SequenceRequest> sequences = new ArrayList<>();
    for (PromptTokens prompt : prompts) {
      TextForm form =
          healing == null
              ? form(structure, reportsMass, isTrue(stopping.ignoreEos()))
              : healing.form(prompt, structure, stop, sampling.parameters().minTokens());
      for (int choice = 0; choice < candidates; choice++) {
        sequences.add(
            new SequenceRequest(
                prompt.ids(),
                length.after(prompt.length()),
                sampling.forChoice(choice).withForm(form),
                stop.tokenIds(),
                stopStrings,
                isTrue(stopping.includeStopStrInOutput()),
                parts.echo() && logprobs.wanted() && prompt.length() > 1
                    ? PromptProbabilities.ECHO
                    : PromptProbabilities.NONE,
                computed,
                new PrefixReuse(prompt.length(), request.cacheSalt())));
      }
    }
    String id = RandomId.of(parts.idPrefix());
    return new GenerationSpec(
        id,
        Instant.now().getEpochSecond(),
        model.id(),
        prompts,
        parts.n(),
        candidates,
        new Generation(id, sequences, limits.requestTimeout(), stream, "", search),
        model.tokenizer(),
        parts.echo(),
        logprobs.wanted(),
        stream,
        includeUsage,
        continuousUsage,
        isTrue(report.returnTokenIds()),
        EncodingFormat.of(report.encodingFormat()),
        isTrue(report.timings()),
        structure,
        reportsMass,
        null);
  }

  /** The form that decides on each token; choices are drawn as a whole instead. */
  private TextForm form(Structure structure, boolean reportsMass, boolean ignoreEos) {
    if (!(structure instanceof Structure.Automaton form)) {
      return TextForm.ANY;
    }
    int[] ends =
        ignoreEos ? new int[0] : model.endTokens().stream().mapToInt(Integer::intValue).toArray();
    return new TextForm(() -> new TokenCursor(form.automaton(), ends), reportsMass);
  }

  /**
   * Validates the fields that request log-probabilities.
   *
   * @param field the field with the number of likeliest tokens
   * @param top that number, or null if none are requested
   * @param requestedIds further tokens, or null
   * @throws ApiException 400, if one is invalid
   */
  public Logprobs logprobs(String field, Integer top, int[] requestedIds) {
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
    return new Logprobs(true, Bounds.integer(field, top, 0, 0, max), tokenIds);
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
   * @param healing takes back the last token of each, if not null
   */
  private List<PromptTokens> prompts(Parts parts, Integer keep, TokenHealing healing) {
    OutputLength length = parts.length();
    PromptReader suitable = keep == null ? reader : reader.ofAnyLength();
    List<PromptTokens> prompts =
        suitable.prompts(parts.promptField(), parts.prompt(), parts.addSpecialTokens());
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
    if (healing != null) {
      prompts = prompts.stream().map(each -> healing.heal(parts.promptField(), each)).toList();
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
  private void requireFewLogprobs(Parts parts, List<PromptTokens> prompts, boolean stream) {
    Logprobs logprobs = parts.logprobs();
    long positions = 0;
    for (PromptTokens prompt : prompts) {
      long echoed = parts.echo() ? prompt.length() : 0;
      positions +=
          parts.candidates() * (echoed + (stream ? 0 : parts.length().after(prompt.length())));
    }
    LogprobsCheck.check(
        parts.logprobsField(),
        logprobs.top() + logprobs.tokenIds().length,
        model.vocabSize(),
        positions,
        "max_tokens, n or the prompts, or stream");
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
