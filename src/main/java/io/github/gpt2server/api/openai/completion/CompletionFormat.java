package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.openai.generation.AnswerFormat;
import io.github.gpt2server.api.openai.generation.GenerationResult;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.generation.Increment;
import io.github.gpt2server.api.openai.generation.Timings;
import io.github.gpt2server.api.openai.generation.Usage;
import java.util.List;
import java.util.stream.IntStream;

/** OpenAI's shape of completions. */
record CompletionFormat(GenerationSpec spec)
    implements AnswerFormat<CompletionResponse, CompletionResponse.Choice> {

  @Override
  public CompletionResponse response(GenerationResult result) {
    List<Increment> choices = result.choices();
    return new CompletionResponse(
        spec.id(),
        CompletionResponse.OBJECT,
        spec.created(),
        spec.model(),
        IntStream.range(0, choices.size())
            .mapToObj(
                index ->
                    choice(index, index / spec.n() * spec.candidates(), choices.get(index), true))
            .toList(),
        result.usage(),
        result.timings());
  }

  @Override
  public List<CompletionResponse.Choice> choices(int sequence, Increment increment, boolean first) {
    return List.of(choice(sequence, sequence, increment, first));
  }

  private CompletionResponse.Choice choice(
      int index, int sequence, Increment increment, boolean withPrompt) {
    return new CompletionResponse.Choice(
        increment.text(),
        index,
        increment.logprobs() == null
            ? null
            : CompletionResponse.Logprobs.of(
                increment.logprobs(),
                spec.tokenizer(),
                spec.logprobTokenIds(sequence),
                spec.encoding()),
        increment.finishReason(),
        increment.stopReason(),
        spec.returnTokenIds() ? increment.tokens() : null,
        withPrompt ? spec.promptTokenIds(sequence) : null,
        increment.structuredMass());
  }

  @Override
  public Object chunk(
      List<CompletionResponse.Choice> choices, Usage usage, boolean withUsage, Timings timings) {
    return withUsage
        ? new CompletionResponse.UsageChunk(
            spec.id(),
            CompletionResponse.OBJECT,
            spec.created(),
            spec.model(),
            choices,
            usage,
            timings)
        : new CompletionResponse.Chunk(
            spec.id(),
            CompletionResponse.OBJECT,
            spec.created(),
            spec.model(),
            choices,
            null,
            timings);
  }
}
