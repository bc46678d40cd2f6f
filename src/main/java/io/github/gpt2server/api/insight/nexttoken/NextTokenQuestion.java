package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ContextCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;

/**
 * A valid next-token request. Each prompt takes one sequence, whose row of logits answers most;
 * each candidate of several tokens takes one more, in which the candidate follows the prompt and
 * its tokens are scored.
 */
final class NextTokenQuestion {
  private static final int DEFAULT_TOP_K = 10;

  /** The largest number of candidates, counted for each prompt. */
  private static final int MAX_RESULTS = 10_000;

  private final ServedModel model;
  private final List<int[]> prompts;
  private final boolean several;
  private final int topK;
  private final double temperature;
  private final List<String> texts;
  private final List<int[]> candidates;
  private final Generation generation;

  private NextTokenQuestion(NextTokenRequest request, ServedModel model, ApiLimits limits) {
    ModelCheck.check(request.model(), model);
    this.model = model;
    PromptReader reader = new PromptReader(model);
    prompts = prompts(request, reader);
    several = request.prompt() != null && request.prompt().several();
    topK =
        Bounds.integer(
            "top_k",
            request.topK(),
            Math.min(DEFAULT_TOP_K, limits.maxLogprobs(model.vocabSize())),
            0,
            limits.maxLogprobs(model.vocabSize()));
    temperature =
        Bounds.number(
            "temperature", request.temperature(), 1, SamplingParameters.LEAST_TEMPERATURE, 100);
    texts = request.candidates() == null ? List.of() : request.candidates();
    requireModestAnswer();
    candidates = candidates(texts, reader);
    List<SequenceRequest> sequences = sequences(request.cacheSalt());
    if (sequences.size() > limits.maxSequences()) {
      throw ApiException.invalid(
          candidates.isEmpty() ? "prompt" : "candidates",
          "The prompts, and each prompt with each candidate of several tokens, make "
              + sequences.size()
              + " sequences, but a request may have "
              + limits.maxSequences()
              + "; send several requests.");
    }
    // A row of logits for each prompt, and the ids of the likeliest.
    RequestMemory.current()
        .add(MemoryUse.ANSWERS, (long) prompts.size() * Integer.BYTES * (model.vocabSize() + topK));
    String id = RandomId.of("next-");
    generation = new Generation(id, sequences, limits.requestTimeout(), false);
  }

  /**
   * Checks a request.
   *
   * @throws ApiException 400 or 404, if it cannot be answered
   */
  static NextTokenQuestion of(NextTokenRequest request, ServedModel model, ApiLimits limits) {
    return new NextTokenQuestion(request, model, limits);
  }

  /** What the engine is asked. */
  Generation generation() {
    return generation;
  }

  /** Whether an array of prompts was sent, be it of one. */
  boolean several() {
    return several;
  }

  /** The answers, one for each prompt, from what the engine reported. */
  List<NextTokenResponse.Result> results(List<SequenceEvent> events) {
    SequenceEvent.PromptRead[] read = new SequenceEvent.PromptRead[generation.sequences().size()];
    for (SequenceEvent event : events) {
      if (event instanceof SequenceEvent.PromptRead prompt) {
        read[event.sequence()] = prompt;
      }
    }
    List<NextTokenResponse.Result> results = new ArrayList<>();
    int sequence = 0;
    for (int[] prompt : prompts) {
      TokenDistribution distribution =
          TokenDistribution.of(read[sequence++].nextTokenLogits(), temperature);
      List<NextTokenResponse.Candidate> answers = new ArrayList<>();
      for (int i = 0; i < candidates.size(); i++) {
        int[] tokens = candidates.get(i);
        boolean single = tokens.length == 1;
        double logprob =
            single
                ? distribution.logprob(tokens[0])
                : Continuation.logLikelihood(read[sequence++].scores());
        answers.add(
            new NextTokenResponse.Candidate(
                texts.get(i),
                tokens,
                Math.exp(logprob),
                logprob,
                single ? distribution.rank(tokens[0]) : null));
      }
      results.add(
          new NextTokenResponse.Result(
              prompt.length,
              distribution.entropyBits(),
              NextToken.likeliest(distribution, topK, model.tokenizer()),
              answers));
    }
    return results;
  }

  private List<SequenceRequest> sequences(String salt) {
    List<SequenceRequest> sequences = new ArrayList<>();
    for (int[] prompt : prompts) {
      ContextCheck.check(model.contextLength(), prompt.length, 0);
      sequences.add(
          SequenceRequest.reading(
              prompt,
              PromptProbabilities.NEXT_TOKEN,
              Logprobs.NONE,
              new PrefixReuse(prompt.length, salt)));
      for (int[] candidate : candidates) {
        if (candidate.length > 1) {
          requireRoom(prompt.length, candidate.length);
          sequences.add(new Continuation(prompt, candidate).request(temperature, salt));
        }
      }
    }
    return sequences;
  }

  /** Each candidate's rank among all tokens is counted for each prompt. */
  private void requireModestAnswer() {
    long results = (long) prompts.size() * texts.size();
    if (results > MAX_RESULTS) {
      throw ApiException.invalid(
          "candidates",
          "%d prompts with %d candidates ask for %d probabilities, but a request may ask for %d; send several requests."
              .formatted(prompts.size(), texts.size(), results, MAX_RESULTS));
    }
  }

  private void requireRoom(int promptTokens, int candidateTokens) {
    int needed = promptTokens + candidateTokens;
    if (needed > model.contextLength()) {
      throw ApiException.invalid(
          "candidates",
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "This model's context holds "
              + model.contextLength()
              + " tokens, but the prompt's "
              + promptTokens
              + " and a candidate's "
              + candidateTokens
              + " make "
              + needed
              + "; shorten one of them.");
    }
  }

  private static List<int[]> prompts(NextTokenRequest request, PromptReader reader) {
    Prompt prompt = request.prompt();
    if (request.tokens() != null) {
      if (prompt != null) {
        throw ApiException.invalid("tokens", "Give prompt or tokens, not both.");
      }
      return List.of(reader.prompt("tokens", reader.tokens("tokens", request.tokens())).ids());
    }
    if (prompt == null) {
      throw ApiException.invalid("prompt", "prompt or tokens must be given.");
    }
    if (prompt instanceof Prompt.Tokens || prompt instanceof Prompt.TokenLists) {
      throw ApiException.invalid(
          "prompt",
          "prompt must be a string or an array of one or more strings; send token ids as tokens.");
    }
    return reader.prompts("prompt", prompt);
  }

  /** Tokenized apart from the prompt, as the probability of what follows it requires. */
  private static List<int[]> candidates(List<String> texts, PromptReader reader) {
    List<int[]> candidates = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      if (text == null || text.isEmpty()) {
        throw ApiException.invalid(
            "candidates",
            "candidates[" + i + "] is empty; a candidate needs at least one character.");
      }
      candidates.add(reader.encode("candidates[" + i + "]", text));
    }
    return candidates;
  }
}
