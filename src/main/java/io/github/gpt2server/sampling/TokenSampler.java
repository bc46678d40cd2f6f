package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Sampler of one sequence, with its token history and its random numbers. Not thread-safe.
 *
 * <p>For each token, in phases with the caller's softmax between the first two:
 *
 * <ol>
 *   <li>{@link #process} edits the logits: first {@link LogitEdits}, then the form of the text.
 *   <li>{@link #argmax} picks from the edited logits, or {@link #sample} draws from {@code
 *       softmax(logits / temperature)} after top-k, typical-p, top-p, min-p, mirostat and XTC, in
 *       this order, each on the renormalised distribution that the previous filter left.
 *   <li>{@link #accept} appends the token to the history.
 * </ol>
 */
public final class TokenSampler {

  private final double temperature;
  private final LogitEdits edits;
  private final List<TruncationFilter> filters;
  private final Supplier<Candidates> candidates;

  /** Null if every text will do. */
  private final TokenConstraint constraint;

  /** The form after the draft tokens; {@link #constraint} without draft tokens. */
  private TokenConstraint ahead;

  /** Number of draft tokens. */
  private int drafted;

  private final boolean reportsMass;
  private double logMass = Double.NaN;

  /** Null without. */
  private final Xtc xtc;

  /** The last of the filters, which learns from draws; null without. */
  private final MirostatFilter mirostat;

  private final DrawNumbers numbers;

  /**
   * Creates a sampler with its own working memory.
   *
   * @param prompt the token ids before the first generated one
   * @param stopTokens end-of-text and stop token ids, excluded until {@code minTokens} tokens are
   *     generated
   */
  public TokenSampler(SamplingParameters parameters, int[] prompt, Collection<Integer> stopTokens) {
    this(parameters, prompt, stopTokens, own());
  }

  /**
   * Creates a sampler that shares its working memory with others.
   *
   * @param prompt the token ids before the first generated one
   * @param stopTokens end-of-text and stop token ids, excluded until {@code minTokens} tokens are
   *     generated
   * @param candidates returns working memory that the calling thread alone uses; overwritten by
   *     each draw
   */
  public TokenSampler(
      SamplingParameters parameters,
      int[] prompt,
      Collection<Integer> stopTokens,
      Supplier<Candidates> candidates) {
    temperature = parameters.temperature();
    edits = new LogitEdits(parameters, prompt, stopTokens);
    Mirostat steering = parameters.decoding().mirostat();
    mirostat = steering == null ? null : new MirostatFilter(steering);
    filters = filters(parameters, mirostat);
    this.candidates = candidates;
    constraint = parameters.form().start();
    ahead = constraint;
    reportsMass = constraint != null && parameters.form().reportsMass();
    xtc = parameters.decoding().xtc();
    numbers = new DrawNumbers(parameters.seed(), xtc != null);
  }

  private static Supplier<Candidates> own() {
    Candidates candidates = new Candidates();
    return () -> candidates;
  }

  private static List<TruncationFilter> filters(
      SamplingParameters parameters, MirostatFilter mirostat) {
    List<TruncationFilter> filters = new ArrayList<>();
    if (parameters.topK() > 0) {
      filters.add(new TopK(parameters.topK()));
    }
    if (parameters.typicalP() < 1) {
      filters.add(new TypicalP(parameters.typicalP()));
    }
    if (parameters.topP() < 1) {
      filters.add(new TopP(parameters.topP()));
    }
    if (parameters.minP() > 0) {
      filters.add(new MinP(parameters.minP()));
    }
    if (mirostat != null) {
      filters.add(mirostat);
    }
    return List.copyOf(filters);
  }

  /** Returns whether tokens are picked by {@link #argmax} rather than sampled. */
  public boolean greedy() {
    return temperature == 0;
  }

  /** Returns whether {@link #process} would change anything for the next token. */
  public boolean editsLogits() {
    return (ahead != null && ahead.restricts()) || edits.edits();
  }

  /**
   * Returns whether {@link #process} and {@link #argmax} would pick the token of the largest
   * unedited logit, so that neither is needed: nothing but the form of the text would edit the
   * logits, and the form allows the token.
   *
   * @param likeliest the token of the largest unedited logit, the lowest id if several tie
   */
  public boolean picks(int likeliest) {
    return greedy()
        && !reportsMass
        && constraint != null
        && constraint.allows(likeliest)
        && !edits.edits();
  }

  /** The divisor of the logits before the softmax; 0 if {@link #greedy}. */
  public double temperature() {
    return temperature;
  }

  /**
   * Applies penalties, bias, minimum length and the form of the text for the next token.
   *
   * @param logits {@code [vocab]}, edited in place; position and limit do not change
   */
  public void process(FloatBuffer logits) {
    if (reportsMass) {
      logMass = ahead.logMass(logits);
    }
    edits.process(logits);
    if (ahead != null) {
      ahead.exclude(logits);
    }
  }

  /** Returns whether {@link #process} left a token that can be picked. */
  public boolean leavesToken(FloatBuffer logits) {
    return edits.leavesToken(logits);
  }

  /**
   * Checks that {@link #process} left a token that can be picked.
   *
   * @throws ExcludedTokensException if the rules of the request exclude every token
   */
  public void requireToken(FloatBuffer logits) {
    edits.requireToken(logits);
  }

  /**
   * The logarithm of the share of the model's probability that the form of the text allowed at the
   * last {@link #process}, in nats; NaN if it is not reported.
   */
  public double logMass() {
    return logMass;
  }

  /** Returns whether the text has the form it must have and nothing can continue it. */
  public boolean complete() {
    return constraint != null && constraint.complete();
  }

  /**
   * The token of the largest logit, the lowest id if several tie.
   *
   * @param logits {@code [vocab]}, as {@link #process} left them
   * @throws NoCandidateException if every logit is NaN or negative infinity
   */
  public int argmax(FloatBuffer logits) {
    int best = -1;
    float largest = Float.NEGATIVE_INFINITY;
    int size = logits.limit();
    for (int token = 0; token < size; token++) {
      float logit = logits.get(token);
      if (logit > largest) {
        largest = logit;
        best = token;
      }
    }
    if (best < 0) {
      throw new NoCandidateException(
          "No token can be picked: every logit of the next token is NaN or negative infinity.");
    }
    return best;
  }

  /**
   * Samples a token. Consumes the random numbers of exactly one draw, whatever the filters.
   *
   * @param probabilities {@code [vocab]}, {@code softmax(logits / temperature)} of the logits that
   *     {@link #process} left; only read
   * @return a token of positive probability
   * @throws NoCandidateException if the probabilities contain NaN or infinity, or are all 0
   */
  public int sample(FloatBuffer probabilities) {
    int token = draw(probabilities, numbers.next());
    if (mirostat != null) {
      mirostat.drawn(token, probabilities.get(token) / candidates.get().mass());
    }
    return token;
  }

  /**
   * The token that {@link #sample} would return for these probabilities with the random number of
   * the draw {@code ahead} draws after the next. Consumes no random number.
   *
   * @param probabilities as for {@link #sample}
   * @throws NoCandidateException as {@link #sample} does
   */
  public int foresee(FloatBuffer probabilities, int ahead) {
    return draw(probabilities, numbers.ahead(ahead));
  }

  private int draw(FloatBuffer probabilities, DrawNumbers.Numbers numbers) {
    Candidates remaining = candidates.get();
    remaining.load(probabilities);
    for (TruncationFilter filter : filters) {
      filter.truncate(remaining);
    }
    if (xtc != null) {
      xtc.truncate(remaining, numbers.chance());
    }
    return remaining.draw(numbers.draw());
  }

  /**
   * The distribution of the token that {@link #process} and then {@link #argmax} or {@link #sample}
   * would give for these logits, whatever the random numbers: XTC, which acts by chance, leaves a
   * mixture of both cases. Consumes no random number.
   *
   * @param logits {@code [vocab]}; only read
   * @throws NoCandidateException if no token is left
   */
  public DrawDistribution distribution(float[] logits) {
    float[] edited = logits.clone();
    process(FloatBuffer.wrap(edited));
    return greedy()
        ? DrawDistribution.certain(argmax(FloatBuffer.wrap(edited)), edited)
        : DrawDistribution.of(edited, temperature, filters, xtc, candidates.get());
  }

  /** Appends the next token to the history as if it had been drawn from a {@link #distribution}. */
  public void accept(int token, DrawDistribution drawnFrom) {
    if (mirostat != null) {
      mirostat.drawn(token, drawnFrom.probability(token));
    }
    accept(token);
  }

  /** Appends the next token to the history, whether it was picked here or elsewhere. */
  public void accept(int token) {
    edits.accept(token);
    if (mirostat != null) {
      mirostat.accept(token);
    }
    if (constraint != null) {
      constraint.accept(token);
    }
  }

  /**
   * Moves on by a draft token: until {@link #dropDraft}, {@link #editsLogits} and {@link #process}
   * are those of the token after it.
   *
   * @return whether a token can follow it; if not, it must be the last
   */
  public boolean draft(int token) {
    edits.accept(token);
    drafted++;
    if (constraint == null) {
      return true;
    }
    if (!ahead.allows(token)) {
      return false;
    }
    ahead = ahead == constraint ? constraint.copy() : ahead;
    ahead.accept(token);
    return !ahead.complete();
  }

  /** Goes back to before the draft tokens. */
  public void dropDraft() {
    edits.rewind(edits.generated() - drafted);
    drafted = 0;
    ahead = constraint;
  }
}
