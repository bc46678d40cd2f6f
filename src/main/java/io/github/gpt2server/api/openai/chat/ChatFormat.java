package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.openai.generation.AnswerFormat;
import io.github.gpt2server.api.openai.generation.GenerationResult;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.generation.Increment;
import io.github.gpt2server.api.openai.generation.Timings;
import io.github.gpt2server.api.openai.generation.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** OpenAI's shape of chats. */
record ChatFormat(ChatSpec spec) implements AnswerFormat<ChatResponse, ChatResponse.ChunkChoice> {

  @Override
  public ChatResponse response(GenerationResult result) {
    GenerationSpec generation = spec.generation();
    return new ChatResponse(
        generation.id(),
        ChatResponse.OBJECT,
        generation.created(),
        generation.model(),
        IntStream.range(0, result.choices().size())
            .mapToObj(index -> choice(index, result.choices().get(index)))
            .toList(),
        result.usage(),
        result.timings());
  }

  private ChatResponse.Choice choice(int index, Increment whole) {
    return new ChatResponse.Choice(
        index,
        new ChatResponse.Message(spec.role(), spec.beginning() + whole.text(), null),
        logprobs(index, whole),
        whole.finishReason(),
        whole.stopReason(),
        spec.generation().returnTokenIds() ? whole.tokens() : null,
        spec.generation().promptTokenIds(index),
        whole.structuredMass());
  }

  /** The first chunk of an answer has its role and what stands before the generated text. */
  @Override
  public List<ChatResponse.ChunkChoice> choices(int sequence, Increment increment, boolean first) {
    List<ChatResponse.ChunkChoice> choices = new ArrayList<>();
    if (first) {
      choices.add(
          new ChatResponse.ChunkChoice(
              sequence,
              new ChatResponse.Delta(spec.role(), spec.beginning()),
              null,
              null,
              null,
              null,
              spec.generation().promptTokenIds(sequence),
              null));
    }
    choices.add(
        new ChatResponse.ChunkChoice(
            sequence,
            new ChatResponse.Delta(null, increment.text().isEmpty() ? null : increment.text()),
            logprobs(sequence, increment),
            increment.finishReason(),
            increment.stopReason(),
            spec.generation().returnTokenIds() ? increment.tokens() : null,
            null,
            increment.structuredMass()));
    return choices;
  }

  private ChatLogprobs logprobs(int sequence, Increment increment) {
    return increment.logprobs() == null
        ? null
        : ChatLogprobs.of(
            increment.logprobs(),
            spec.generation().tokenizer(),
            spec.generation().logprobTokenIds(sequence),
            spec.generation().encoding());
  }

  @Override
  public Object chunk(
      List<ChatResponse.ChunkChoice> choices, Usage usage, boolean withUsage, Timings timings) {
    GenerationSpec generation = spec.generation();
    return withUsage
        ? new ChatResponse.UsageChunk(
            generation.id(),
            ChatResponse.CHUNK_OBJECT,
            generation.created(),
            generation.model(),
            choices,
            usage,
            timings)
        : new ChatResponse.Chunk(
            generation.id(),
            ChatResponse.CHUNK_OBJECT,
            generation.created(),
            generation.model(),
            choices,
            null,
            timings);
  }
}
