package io.github.gpt2server.api.openai.structured;

import io.github.gpt2server.analysis.ChoiceProbabilities;
import io.github.gpt2server.analysis.ChoiceRequests;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.execution.TokenCount;
import io.github.gpt2server.constraint.token.ForcedTokens;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.SequenceEvent.PromptRead;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.TextForm;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.web.ratelimit.Quota;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Draws a choice for each sequence of a generation: computes the probability of every choice after
 * the prompt by the chain rule, then draws among them as tokens are drawn from a vocabulary, with
 * temperature and truncation. The sequence then generates the tokens of its choice, so that it
 * streams, stops and reports log-probabilities as any other.
 */
public final class ChoiceDraw {
  /** Largest number of choices that are scored at once. */
  private static final int AT_ONCE = 128;

  private final Function<Generation, GenerationHandle> engine;

  /**
   * Creates a draw.
   *
   * @param engine {@code Engine::submit}
   */
  public ChoiceDraw(Function<Generation, GenerationHandle> engine) {
    this.engine = engine;
  }

  /**
   * What was drawn.
   *
   * @param generation the sequences with the tokens of their choices
   * @param logMasses for each sequence the log-probability that the model gives all choices
   *     together, in nats
   */
  public record Drawn(Generation generation, List<Double> logMasses) {}

  /** The choices after one prompt. */
  private record Question(ChoiceRequests requests, PromptRead[] answers) {

    ChoiceProbabilities probabilities() {
      List<PromptRead> read = Arrays.asList(answers);
      return new ChoiceProbabilities(requests.logprobs(read, requests.distribution(read)));
    }
  }

  /** A request of a question, and which. */
  private record Part(Question of, int index, SequenceRequest request) {}

  /** Draws for each sequence of a generation. */
  public Drawn draw(Generation generation, Structure.OneOf structure) {
    List<int[]> choices = structure.choices().stream().map(Structure.Choice::tokens).toList();
    // By identity: the sequences of a prompt share its array.
    IdentityHashMap<int[], Question> byPrompt = new IdentityHashMap<>();
    List<Part> parts = new ArrayList<>();
    for (SequenceRequest sequence : generation.sequences()) {
      if (!byPrompt.containsKey(sequence.prompt())) {
        ChoiceRequests requests =
            new ChoiceRequests(
                sequence.prompt(), choices, 1, sequence.reuse().salt(), ChoiceRequests.Rows.NEEDED);
        List<SequenceRequest> each = requests.requests();
        Question question = new Question(requests, new PromptRead[each.size()]);
        byPrompt.put(sequence.prompt(), question);
        for (int i = 0; i < each.size(); i++) {
          parts.add(new Part(question, i, each.get(i)));
        }
      }
    }
    Quota.current()
        .reserve(
            TokenCount.most(generation)
                + parts.stream().mapToLong(part -> part.request().prompt().length).sum());
    score(generation, parts);
    IdentityHashMap<int[], ChoiceProbabilities> probabilities = new IdentityHashMap<>();
    byPrompt.forEach((prompt, question) -> probabilities.put(prompt, question.probabilities()));
    List<SequenceRequest> drawn = new ArrayList<>();
    List<Double> masses = new ArrayList<>();
    for (SequenceRequest sequence : generation.sequences()) {
      ChoiceProbabilities own = probabilities.get(sequence.prompt());
      int[] tokens = choices.get(draw(own, sequence.sampling()));
      drawn.add(
          sequence.with(
              SamplingParameters.GREEDY.withForm(
                  new TextForm(() -> new ForcedTokens(tokens), false))));
      masses.add(own.logMass());
    }
    return new Drawn(
        new Generation(
            generation.id(),
            drawn,
            generation.timeout(),
            generation.streaming(),
            generation.client()),
        masses);
  }

  private void score(Generation generation, List<Part> parts) {
    for (int start = 0; start < parts.size(); start += AT_ONCE) {
      List<Part> some = parts.subList(start, Math.min(parts.size(), start + AT_ONCE));
      Generation scoring =
          new Generation(
              generation.id(),
              some.stream().map(Part::request).toList(),
              generation.timeout(),
              false);
      try (RunningGeneration running =
          start == 0
              ? RunningGeneration.submit(engine, scoring)
              : RunningGeneration.submitNext(engine, scoring)) {
        for (SequenceEvent event : running.awaitAll()) {
          if (event instanceof PromptRead read) {
            Part part = some.get(event.sequence());
            part.of().answers()[part.index()] = read;
          }
        }
      }
    }
  }

  private static int draw(ChoiceProbabilities probabilities, SamplingParameters parameters) {
    if (parameters.temperature() == 0) {
      return probabilities.likeliest();
    }
    return new TokenSampler(parameters, new int[0], Set.of())
        .sample(FloatBuffer.wrap(probabilities.conditional(parameters.temperature())));
  }
}
