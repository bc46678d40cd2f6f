package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.openai.structured.ChoiceDraw;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A valid request for completions or a chat.
 *
 * @param id the response's id
 * @param created seconds since 1970
 * @param model the served model's id
 * @param prompts the prompts
 * @param n number of choices for each prompt
 * @param candidates number of sequences for each prompt, of which the {@code n} likeliest become
 *     choices
 * @param generation the engine request; its sequence {@code prompt × candidates + i} is the i-th of
 *     that prompt
 * @param tokenizer the served model's tokenizer
 * @param echo whether choices begin with their prompt
 * @param logprobs whether choices include log-probabilities
 * @param stream whether the response is streamed
 * @param includeUsage whether a final chunk of the stream reports the usage
 * @param continuousUsage whether every chunk reports the usage so far; implies {@code includeUsage}
 * @param returnTokenIds whether choices include their token ids
 * @param encoding the form of the most likely tokens
 * @param timings whether the answer reports where the time went
 * @param structure the form of the texts
 * @param reportsMass whether choices report how much of the probability the form allows
 * @param choiceMasses for each sequence the log-probability of all choices together, in nats, once
 *     one is drawn; null before, and if the structure has no choices
 */
public record GenerationSpec(
    String id,
    long created,
    String model,
    List<PromptTokens> prompts,
    int n,
    int candidates,
    Generation generation,
    Gpt2Tokenizer tokenizer,
    boolean echo,
    boolean logprobs,
    boolean stream,
    boolean includeUsage,
    boolean continuousUsage,
    boolean returnTokenIds,
    EncodingFormat encoding,
    boolean timings,
    Structure structure,
    boolean reportsMass,
    List<Double> choiceMasses) {

  /** This request with the choices that were drawn for it. */
  GenerationSpec with(ChoiceDraw.Drawn drawn) {
    return new GenerationSpec(
        id,
        created,
        model,
        prompts,
        n,
        candidates,
        drawn.generation(),
        tokenizer,
        echo,
        logprobs,
        stream,
        includeUsage,
        continuousUsage,
        returnTokenIds,
        encoding,
        timings,
        structure,
        reportsMass,
        drawn.logMasses());
  }

  /** The prompt of a sequence of {@code generation}. */
  public PromptTokens prompt(int sequence) {
    return prompts.get(sequence / candidates);
  }

  /** The token ids of each prompt. */
  public List<int[]> promptIds() {
    return prompts.stream().map(PromptTokens::ids).toList();
  }

  /** The token ids of a sequence's prompt as a list, or null unless token ids are returned. */
  public List<Integer> promptTokenIds(int sequence) {
    return returnTokenIds ? IntStream.of(prompt(sequence).ids()).boxed().toList() : null;
  }

  /** The tokens that each position of a sequence reports besides the likeliest. */
  public int[] logprobTokenIds(int sequence) {
    return generation.sequences().get(sequence).logprobs().tokenIds();
  }
}
