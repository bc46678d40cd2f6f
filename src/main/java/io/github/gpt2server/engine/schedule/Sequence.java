package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.engine.speculation.DraftProposer;
import io.github.gpt2server.engine.speculation.SpeculativeSequence;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.sampling.Candidates;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.StopStringMatcher;
import io.github.gpt2server.tokenizer.TextDecoder;
import java.util.Arrays;
import java.util.function.Supplier;

/** A running sequence: the state of its prompt, its generated tokens and their text. */
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
  private int retained;
  private int lastToken = -1;

  /** The search that decides how the sequence goes on; null for none, or once it has ended. */
  private SearchGroup search;

  /** Whether the slot was given to a search, so that it holds other tokens than generated. */
  private boolean searched;

  /** Whether nothing is computed in the slot, because the search has no beam for it. */
  private boolean paused;

  /**
   * Creates a sequence of which nothing is read.
   *
   * @param index index in the generation's sequences
   * @param candidates working memory for sampling, shared by all sequences on a thread
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
    return !paused && prefilled < request.prompt().length;
  }

  /** Returns whether its next tokens are to be computed. */
  boolean decoding() {
    return !paused && !prefilling();
  }

  /** The search that decides how the sequence goes on, or null. */
  public SearchGroup search() {
    return search;
  }

  /** Returns whether the hidden states of its tokens are needed. */
  public boolean needsStates() {
    return search != null && search.needsStates();
  }

  /**
   * Gives the slot to a search.
   *
   * @param reads whether it reads the prompt, rather than receive it
   */
  void join(SearchGroup group, boolean reads) {
    search = group;
    searched = true;
    paused = !reads;
  }

  /** Computes a beam's last token next; nothing if it is null. */
  void run(Beam beam) {
    paused = beam == null;
    if (beam != null) {
      prefilled = request.prompt().length;
      generated = beam.length();
      lastToken = beam.token();
    }
  }

  /** Generates no more in a search; may then report a result as if it had generated it. */
  void leave() {
    search = null;
    generated = 0;
    paused = true;
  }

  /** Reports a beam's last token as if it had generated it after those reported before. */
  public boolean append(Beam beam, Gpt2Tokenizer tokenizer) {
    generated = beam.length() - 1;
    return append(beam.token(), beam.logprobs(), tokenizer);
  }

  int prefilled() {
    return prefilled;
  }

  /** Number of KV-cache positions in use. */
  int positions() {
    return prefilled + Math.max(0, generated - 1);
  }

  public boolean generates() {
    return request.maxTokens() > 0;
  }

  public boolean scores() {
    return request.promptProbabilities().scoredFrom() > 0;
  }

  /** Position of the first scored prompt token. */
  public int scoredFrom() {
    return request.promptProbabilities().scoredFrom();
  }

  private int rankedTokens() {
    return request.promptProbabilities().ranked() ? request.prompt().length - scoredFrom() : 0;
  }

  /** Scores of the prompt tokens, filled as the prompt is read; null if none are requested. */
  public PromptScores promptScores() {
    return promptScores;
  }

  /** Returns whether each generated token reports a whole row of logits. */
  boolean reportsRows() {
    return request.reportsRows();
  }

  @Override
  public DraftProposer proposer() {
    return proposer;
  }

  /**
   * The largest number of draft tokens: the tokens that may still follow, less the one that the
   * step generates anyway; 0 if whole rows are reported, whose consumers set the pace, and in a
   * search.
   */
  @Override
  public int maxDraft() {
    return reportsRows() || searched ? 0 : request.maxTokens() - generated - 1;
  }

  @Override
  public boolean stopsAt(int token) {
    return request.stopTokenIds().contains(token);
  }

  @Override
  public int lastToken() {
    return lastToken;
  }

  @Override
  public int lastPosition() {
    return request.prompt().length + generated - 1;
  }

  /** The last generated token and draft tokens after it, to be computed. */
  Chunk decode(int[] drafts) {
    int[] tokens = new int[1 + drafts.length];
    tokens[0] = lastToken;
    System.arraycopy(drafts, 0, tokens, 1, drafts.length);
    return Chunk.decode(slot, lastPosition(), tokens);
  }

  /** The next {@code length} tokens of the prompt, to be computed. */
  Chunk read(int length) {
    int end = prefilled + length;
    return new Chunk(
        slot,
        prefilled,
        Arrays.copyOfRange(request.prompt(), prefilled, end),
        Math.min(Math.max(firstLogits(), prefilled), end) - prefilled);
  }

  /**
   * The position of the first prompt token whose logits are needed; the prompt's length for none.
   */
  private int firstLogits() {
    if (needsStates()) {
      return 0;
    }
    if (scores()) {
      return scoredFrom() - 1;
    }
    return needsLastRow() ? request.prompt().length - 1 : request.prompt().length;
  }

  /** Number of leading prompt tokens that may come from the prefix cache, which has no logits. */
  int reusable() {
    return Math.min(request.reuse().length(), firstLogits());
  }

  /** Number of leading tokens that the slot holds and the prefix cache may retain. */
  int retainable() {
    int reusable = request.reuse().length();
    return reusable == request.prompt().length && !searched
        ? positions()
        : Math.min(prefilled, reusable);
  }

  /** Number of leading tokens that have been offered to the prefix cache. */
  int retained() {
    return retained;
  }

  /** Records that tokens up to {@code end} have been offered to the prefix cache. */
  void retain(int end) {
    retained = end;
  }

  /** The tokens of the prompt, and those generated. */
  int[] text() {
    return proposer == null || searched
        ? request.prompt()
        : proposer.tokens(0, request.prompt().length + generated);
  }

  /** Returns whether the logits after the prompt's last token are needed. */
  boolean needsLastRow() {
    return generates() || request.promptProbabilities().nextTokenLogits();
  }

  /** Records that the prompt is read up to {@code end}. */
  public void advance(int end) {
    prefilled = end;
    if (!prefilling()) {
      progress().readPrompt();
    }
  }

  /** Records that the beginning of the prompt has been copied from the prefix cache. */
  void restore(int tokens) {
    cachedTokens = tokens;
    prefilled = tokens;
    progress().addCached(tokens);
  }

  public int cachedTokens() {
    return cachedTokens;
  }

  /**
   * Appends a generated token and publishes it, and the end if it completes the sequence.
   *
   * @param logprobs the requested log-probabilities, or null
   * @return whether the sequence is complete
   */
  public boolean append(int token, TokenLogprobs logprobs, Gpt2Tokenizer tokenizer) {
    sampler.accept(token);
    proposer.append(token);
    lastToken = token;
    generated++;
    progress().generateToken();
    boolean stopToken = stopsAt(token);
    boolean silent = (stopToken && !request.includeStopString()) || tokenizer.special(token);
    String text = silent ? "" : show(newBytes(tokenizer.bytes(token)));
    publish(new SequenceEvent.Token(index, token, text, logprobs, sampler.logMass()));
    if (stopToken) {
      finish(FinishReason.STOP, token);
    } else if (stops.matched().isPresent() || sampler.complete()) {
      finish(FinishReason.STOP, -1);
    } else if (generated == request.maxTokens()) {
      finish(FinishReason.LENGTH, -1);
    } else {
      return false;
    }
    return true;
  }

  /** The bytes of the last token without those that the prompt ends with already. */
  private byte[] newBytes(byte[] bytes) {
    int repeated = generated == 1 ? request.sampling().form().repeatedBytes() : 0;
    return repeated == 0 ? bytes : Arrays.copyOfRange(bytes, repeated, bytes.length);
  }

  private String show(byte[] bytes) {
    String text = decoder.append(bytes);
    // Stop strings count only after the minimum number of tokens.
    return generated <= request.sampling().minTokens() ? text : stops.append(text);
  }

  /**
   * Publishes the end of the sequence.
   *
   * @param stopToken the stop token that ended it, or -1
   */
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
