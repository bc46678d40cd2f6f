package io.github.gpt2server.testing;

import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.schedule.Job;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.sampling.Candidates;
import io.github.gpt2server.sampling.SamplingParameters;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Builds requests to the engine: greedy tokens without stops, probabilities or the prefix cache,
 * until the test says otherwise.
 */
public final class RequestBuilder {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final int[] prompt;
  private final int maxTokens;
  private SamplingParameters sampling = SamplingParameters.GREEDY;
  private Set<Integer> stopTokens = Set.of();
  private List<String> stopStrings = List.of();
  private boolean includeStopString;
  private PromptProbabilities promptProbabilities = PromptProbabilities.NONE;
  private Logprobs logprobs = Logprobs.NONE;
  private PrefixReuse reuse = PrefixReuse.NONE;

  private RequestBuilder(int[] prompt, int maxTokens) {
    this.prompt = prompt;
    this.maxTokens = maxTokens;
  }

  /** Creates a request for up to {@code maxTokens} tokens after a prompt. */
  public static RequestBuilder request(int[] prompt, int maxTokens) {
    return new RequestBuilder(prompt, maxTokens);
  }

  public RequestBuilder sampling(SamplingParameters parameters) {
    sampling = parameters;
    return this;
  }

  public RequestBuilder stopTokens(Set<Integer> tokens) {
    stopTokens = tokens;
    return this;
  }

  public RequestBuilder stopString(String stop, boolean include) {
    stopStrings = List.of(stop);
    includeStopString = include;
    return this;
  }

  public RequestBuilder promptProbabilities(PromptProbabilities wanted) {
    promptProbabilities = wanted;
    return this;
  }

  public RequestBuilder logprobs(Logprobs wanted) {
    logprobs = wanted;
    return this;
  }

  public RequestBuilder reuse(PrefixReuse prefix) {
    reuse = prefix;
    return this;
  }

  /** The prefix cache may serve and keep the whole prompt. */
  public RequestBuilder reusingPrompt() {
    return reuse(PrefixReuse.first(prompt.length));
  }

  /** The sequence by itself. */
  public SequenceRequest build() {
    return new SequenceRequest(
        prompt,
        maxTokens,
        sampling,
        stopTokens,
        stopStrings,
        includeStopString,
        promptProbabilities,
        logprobs,
        reuse);
  }

  /** A generation of this sequence, whose submitter wants to be woken at its end. */
  public Generation whole() {
    return choices(1);
  }

  /** A generation of {@code count} such sequences, read after its end. */
  public Generation choices(int count) {
    return new Generation("test", Collections.nCopies(count, build()), TIMEOUT, false);
  }

  /** A generation of this sequence, whose submitter wants to be woken for every token. */
  public Generation stream() {
    return new Generation("test", List.of(build()), TIMEOUT, true);
  }

  /** The sequence as it runs in a slot, nothing of its prompt read. */
  public Sequence inSlot(int slot) {
    return inSlot(slot, "");
  }

  /** The same, of a client. */
  public Sequence inSlot(int slot, String client) {
    Generation generation = whole().of(client);
    Deadline deadline = new Deadline(generation.timeout(), () -> {});
    return new Sequence(
        new Job(generation, deadline, EngineSettings.MAX_UNREAD_BYTES), 0, slot, Candidates::new);
  }
}
