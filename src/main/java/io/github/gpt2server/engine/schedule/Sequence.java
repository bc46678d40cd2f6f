package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.speculation.DraftProposer;
import io.github.gpt2server.engine.speculation.SpeculativeSequence;
import io.github.gpt2server.model.StepPlan.CachedChunk;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.sampling.Candidates;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.StopStringMatcher;
import io.github.gpt2server.tokenizer.TextDecoder;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A running sequence: how much of its prompt is read, what it has generated, and the text of that.
 */
public final class Sequence implements SpeculativeSequence {
  private final Job job;
  private final int index;
  private final SequenceRequest request;
  private final int slot;
  private final TokenSampler sampler;
  private final TextDecoder decoder = new TextDecoder();
  private final StopStringMatcher stops;
  private final PromptScores promptScores;
  private final DraftProposer proposer;
  private int prefilled;
  private int cachedTokens;
  private int generated;
  private int lastToken = -1;

  /**
   * @param candidates working memory of the draws, which all sequences of a thread may share
   */
  public Sequence(Job job, int index, int slot, Supplier<Candidates> candidates) {
    this.job = job;
    this.index = index;
    this.slot = slot;
    this.request = job.handle().generation().sequences().get(index);
    this.sampler =
        new TokenSampler(request.sampling(), request.prompt(), request.stopTokenIds(), candidates);
    this.stops = new StopStringMatcher(request.stopStrings(), request.includeStopString());
    this.promptScores = scores() ? PromptScores.ofLength(rankedTokens()) : null;
    this.proposer = generates() ? new DraftProposer(request.prompt(), request.maxTokens()) : null;
  }

  public Job job() {
    return job;
  }

  public int index() {
    return index;
  }

  public SequenceRequest request() {
    return request;
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public TokenSampler sampler() {
    return sampler;
  }

  public boolean prefilling() {
    return prefilled < request.prompt().length;
  }

  int prefilled() {
    return prefilled;
  }

  /** Positions of the KV cache in use. */
  int positions() {
    return prefilled + Math.max(0, generated - 1);
  }

  public boolean generates() {
    return request.maxTokens() > 0;
  }

  public boolean scores() {
    return request.promptProbabilities().scoredFrom() > 0;
  }

  /** The first prompt position whose token is scored. */
  public int scoredFrom() {
    return request.promptProbabilities().scoredFrom();
  }

  private int rankedTokens() {
    return request.promptProbabilities().ranked() ? request.prompt().length - scoredFrom() : 0;
  }

  /** Scores of the prompt's tokens, filled as the prompt is read, or null. */
  public PromptScores promptScores() {
    return promptScores;
  }

  /** Whether each of its tokens reports a whole row of logits. */
  boolean reportsRows() {
    return request.reportsRows();
  }

  /** Guesses the next tokens of a sequence that generates. */
  @Override
  public DraftProposer proposer() {
    return proposer;
  }

  /**
   * How many tokens may be guessed after the last one: no more than may follow, but for the one
   * that the model gives. None where rows are reported, whose readers set the pace.
   */
  @Override
  public int maxDraft() {
    return reportsRows() ? 0 : request.maxTokens() - generated - 1;
  }

  /** Whether this token would be the last one. */
  @Override
  public boolean stopsAt(int token) {
    return request.stopTokenIds().contains(token);
  }

  /** The next step of a sequence whose prompt is read. */
  @Override
  public Decode decode() {
    return new Decode(slot, request.prompt().length + generated - 1, lastToken);
  }

  /**
   * Where the chunk of the prompt that begins at {@code start} ends: at a multiple of the chunk
   * size and where what is shared with others ends, whatever the traffic is.
   */
  int chunkEnd(int start, int chunkSize) {
    int end = Math.min(request.prompt().length, (start / chunkSize + 1) * chunkSize);
    int shared = request.reuse().length();
    return start < shared ? Math.min(end, shared) : end;
  }

  /** Whether the prefix cache may have what comes before {@code end}. */
  boolean reuses(int end) {
    return end <= request.reuse().length();
  }

  /** The chunk of the prompt from {@code start} to {@code end}, to be computed and kept. */
  ComputedChunk chunk(int start, int end, int block) {
    return new ComputedChunk(
        slot,
        start,
        Arrays.copyOfRange(request.prompt(), start, end),
        logitsFrom(start, end),
        block);
  }

  /** The same chunk, kept in a block already. */
  CachedChunk cachedChunk(int start, int end, int block) {
    return new CachedChunk(slot, start, end - start, logitsFrom(start, end), block);
  }

  private int logitsFrom(int start, int end) {
    int firstRow = end;
    if (scores()) {
      firstRow = Math.max(start, scoredFrom() - 1);
    } else if (end == request.prompt().length && needsLastRow()) {
      firstRow = end - 1;
    }
    return Math.min(firstRow, end) - start;
  }

  /** Whether the logits after the prompt's last token are wanted. */
  boolean needsLastRow() {
    return generates() || request.promptProbabilities().nextTokenLogits();
  }

  /** Remembers that the prompt is read up to {@code end}. */
  public void advance(int end) {
    prefilled = end;
    if (!prefilling()) {
      progress().readPrompt();
    }
  }

  /** Remembers that so many more tokens of the prompt came from the prefix cache. */
  public void addCached(int tokens) {
    cachedTokens += tokens;
    progress().addCached(tokens);
  }

  public int cachedTokens() {
    return cachedTokens;
  }

  /**
   * Takes a generated token in and publishes it.
   *
   * @return whether the sequence is complete; then that is published too
   */
  public boolean append(int token, TokenLogprobs logprobs, Gpt2Tokenizer tokenizer) {
    sampler.accept(token);
    proposer.append(token);
    lastToken = token;
    generated++;
    progress().generateToken();
    boolean stopToken = stopsAt(token);
    boolean silent = (stopToken && !request.includeStopString()) || tokenizer.special(token);
    String text = silent ? "" : show(tokenizer.bytes(token));
    publish(new SequenceEvent.Token(index, token, text, logprobs));
    if (stopToken) {
      finish(FinishReason.STOP, token);
    } else if (stops.matched().isPresent()) {
      finish(FinishReason.STOP, -1);
    } else if (generated == request.maxTokens()) {
      finish(FinishReason.LENGTH, -1);
    } else {
      return false;
    }
    return true;
  }

  private String show(byte[] bytes) {
    String text = decoder.append(bytes);
    // Stop strings are looked for only in what comes after the tokens that must be generated.
    return generated <= request.sampling().minTokens() ? text : stops.append(text);
  }

  /** Publishes the end. */
  public void finish(FinishReason reason, int stopToken) {
    String rest = "";
    if (stops.matched().isEmpty()) {
      rest = stops.append(decoder.finish());
      if (stops.matched().isEmpty()) {
        rest += stops.finish();
      }
    }
    FinishReason why = stops.matched().isEmpty() ? reason : FinishReason.STOP;
    progress().finish(index, why);
    publish(
        new SequenceEvent.Finished(
            index, why, rest, stopToken, stops.matched().orElse(null), cachedTokens));
  }

  private RequestProgress progress() {
    return job.handle().progress();
  }

  public void publish(SequenceEvent event) {
    job.handle().publish(event);
  }
}
