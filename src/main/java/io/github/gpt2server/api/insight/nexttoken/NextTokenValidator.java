package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.ChoiceRequests;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.openai.generation.DrawFields;
import io.github.gpt2server.api.openai.generation.DrawSpec;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ContextCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.error.ErrorResponse;
import java.util.ArrayList;
import java.util.List;

/** Turns a {@link NextTokenRequest} into a {@link NextTokenSpec}, or refuses it. */
final class NextTokenValidator {

  /** Maximum number of candidates, counted for each prompt. */
  static final int MAX_RESULTS = 10_000;

  private static final int DEFAULT_TOP_K = 10;
  private static final double MAX_TEMPERATURE = 100;

  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader reader;

  NextTokenValidator(ServedModel model, ApiLimits limits) {
    this.model = model;
    this.limits = limits;
    this.reader = new PromptReader(model);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  NextTokenSpec validate(NextTokenRequest request) {
    ModelCheck.check(request.model(), model);
    List<int[]> prompts = prompts(request.prompt(), request.tokens());
    int maxTopK = limits.maxLogprobs(model.vocabSize());
    int topK =
        Bounds.integer("top_k", request.topK(), Math.min(DEFAULT_TOP_K, maxTopK), 0, maxTopK);
    double temperature =
        Bounds.number(
            "temperature",
            request.temperature(),
            1,
            SamplingParameters.LEAST_TEMPERATURE,
            MAX_TEMPERATURE);
    List<String> texts = request.candidates() == null ? List.of() : request.candidates();
    requireFewResults(prompts.size(), texts.size());
    List<NextTokenSpec.Candidate> candidates = candidates(texts);
    DrawSpec sampling = request.sampling() == null ? null : sampling(request.sampling());
    EncodingFormat encoding = EncodingFormat.of(request.encodingFormat());
    requireFitting(prompts, candidates);
    List<int[]> choices = candidates.stream().map(NextTokenSpec.Candidate::tokens).toList();
    ChoiceRequests.Rows wanted =
        sampling == null ? ChoiceRequests.Rows.PROMPT : ChoiceRequests.Rows.CHOICES;
    long rows = prompts.size() * ChoiceRequests.rows(choices, wanted);
    long scored = prompts.size() * candidates.stream().filter(each -> !each.single()).count();
    requireFewSequences(rows + scored, sampling != null);
    reserveMemory(rows, prompts.size(), topK, sampling != null, encoding);
    List<ChoiceRequests> questions = new ArrayList<>();
    for (int[] prompt : prompts) {
      questions.add(new ChoiceRequests(prompt, choices, temperature, request.cacheSalt(), wanted));
    }
    List<SequenceRequest> sequences =
        questions.stream().flatMap(question -> question.requests().stream()).toList();
    return new NextTokenSpec(
        prompts,
        questions,
        request.prompt() != null && request.prompt().several(),
        topK,
        temperature,
        candidates,
        sampling,
        encoding,
        new Generation(RandomId.of("next-"), sequences, limits.requestTimeout(), false));
  }

  /** The sampling fields; an error names them as parts of {@code sampling}. */
  private DrawSpec sampling(DrawFields fields) {
    try {
      return DrawSpec.check(fields, model);
    } catch (ApiException e) {
      ErrorResponse.Detail error = e.response().error();
      throw ApiException.invalid("sampling." + error.param(), "sampling." + error.message());
    }
  }

  private List<int[]> prompts(Prompt prompt, int[] tokens) {
    if (tokens != null) {
      if (prompt != null) {
        throw ApiException.invalid(
            "tokens", "prompt and tokens exclude each other; remove one of them.");
      }
      return List.of(reader.prompt("tokens", reader.tokens("tokens", tokens)).ids());
    }
    if (prompt == null) {
      throw ApiException.invalid("prompt", "prompt and tokens are missing; send one of them.");
    }
    if (prompt instanceof Prompt.Tokens || prompt instanceof Prompt.TokenLists) {
      throw ApiException.invalid(
          "prompt",
          "prompt must be a string or an array of one or more strings; send token ids in tokens.");
    }
    return reader.prompts("prompt", prompt);
  }

  private static void requireFewResults(int prompts, int candidates) {
    long results = (long) prompts * candidates;
    if (results > MAX_RESULTS) {
      throw ApiException.invalid(
          "candidates",
          ("%d prompts with %d candidates request %d probabilities, but the limit is %d per request;"
                  + " send several requests.")
              .formatted(prompts, candidates, results, MAX_RESULTS));
    }
  }

  /** Candidates are tokenized without the prompt, so that both meet at a token boundary. */
  private List<NextTokenSpec.Candidate> candidates(List<String> texts) {
    List<NextTokenSpec.Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String field = "candidates[" + i + "]";
      String text = texts.get(i);
      if (text.isEmpty()) {
        throw ApiException.invalid(
            "candidates", field + " is empty; remove it, or send at least one character.");
      }
      candidates.add(new NextTokenSpec.Candidate(text, reader.encode(field, text)));
    }
    return candidates;
  }

  /** A candidate of one token is not read. */
  private void requireFitting(List<int[]> prompts, List<NextTokenSpec.Candidate> candidates) {
    for (int[] prompt : prompts) {
      ContextCheck.check(model.contextLength(), prompt.length, 0);
      for (NextTokenSpec.Candidate candidate : candidates) {
        int length = candidate.tokens().length;
        if (!candidate.single() && prompt.length + length > model.contextLength()) {
          throw ApiException.invalid(
              "candidates",
              ErrorCode.CONTEXT_LENGTH_EXCEEDED,
              ("This model's context holds %d tokens, but the prompt has %d and a candidate has %d, %d in"
                      + " total; shorten one of them.")
                  .formatted(model.contextLength(), prompt.length, length, prompt.length + length));
        }
      }
    }
  }

  private void requireFewSequences(long sequences, boolean sampling) {
    if (sequences > limits.maxSequences()) {
      throw ApiException.invalid(
          "candidates",
          ("The prompts, and each prompt with each candidate of several tokens%s, add up to %d"
                  + " sequences, but the limit is %d per request; send several requests.")
              .formatted(
                  sampling ? " and, for sampling, with each beginning of one" : "",
                  sequences,
                  limits.maxSequences()));
    }
  }

  /**
   * Rows of logits; for each prompt the ids of its most likely tokens, how each token would be
   * drawn, and the log-probabilities and probabilities to be packed.
   */
  private void reserveMemory(
      long rows, int prompts, int topK, boolean sampling, EncodingFormat encoding) {
    long draws = sampling ? 5L * model.vocabSize() : 0;
    long packed = encoding == EncodingFormat.BASE64 ? 9L * topK : 0;
    RequestMemory.current()
        .add(
            MemoryUse.ANSWERS,
            rows * 4L * model.vocabSize() + prompts * (4L * topK + draws + packed));
  }
}
