package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.TokenSampler;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proposes draft tokens by running a smaller model of the same vocabulary (Leviathan et al., 2023,
 * "Fast Inference from Transformers via Speculative Decoding"). The draft model has a KV cache of
 * its own with the same slots; before it proposes, it reads the tokens generated since its last
 * draft.
 *
 * <p>A failure of the draft model excludes the sequences concerned from further drafts; their
 * generation continues without it.
 */
public final class DraftModelProposer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DraftModelProposer.class);

  /** The largest number of unread tokens that are read in the step of the first draft token. */
  static final int MAX_CATCH_UP = 16;

  /** The longest chunk in which a longer unread text is read, in tokens. */
  static final int CHUNK = 64;

  /** Acceptance rate before any observation: between those of dissimilar and similar models. */
  private static final double PRIOR = 0.6;

  /** The weight of the prior, in draft tokens. */
  private static final double PRIOR_WEIGHT = 16;

  /** The number of draft tokens after which their counts are halved. */
  private static final double HALF_LIFE = 1024;

  /** The share of step time that may be spent on {@link #probe probing}. */
  private static final double PROBE_SHARE = 0.01;

  private final LanguageModel model;
  private final StepCosts costs;
  private final DraftState.Rates all =
      new DraftState.Rates(
          new AcceptanceRate(() -> PRIOR, PRIOR_WEIGHT, HALF_LIFE),
          new AcceptanceRate(() -> PRIOR, PRIOR_WEIGHT, HALF_LIFE));
  private double probeBudget;

  /**
   * Creates a proposer that has read nothing.
   *
   * @param model has the slots and the vocabulary of the real model; closed by {@link #close}
   * @param costs costs of its steps, in the unit of the real model's
   */
  public DraftModelProposer(LanguageModel model, StepCosts costs) {
    this.model = model;
    this.costs = costs;
  }

  /** The draft model's state of a sequence. */
  DraftState state(SpeculativeSequence sequence) {
    return sequence.proposer().draftState(all);
  }

  /** The number of tokens of a sequence to read before the next draft; at least the last one. */
  int unread(SpeculativeSequence sequence) {
    return sequence.proposer().length() - state(sequence).read();
  }

  /** The longest possible draft of a sequence; 0 if it failed, or has no room left to continue. */
  int maxDraft(SpeculativeSequence sequence) {
    if (state(sequence).failed()) {
      return 0;
    }
    int inContext = model.contextLength() - sequence.proposer().length() + 1;
    return Math.max(0, Math.min(inContext, sequence.maxDraft()));
  }

  /** The cost of a draft-model step of {@code rows} rows. */
  double cost(int rows) {
    return rows == 0 ? 0 : costs.of(rows);
  }

  /**
   * Proposes draft tokens: one step for each position ahead, of all sequences together.
   *
   * @param lengths largest number of draft tokens by sequence, in ascending order of slots
   */
  void propose(Map<SpeculativeSequence, Integer> lengths) {
    try {
      List<SpeculativeSequence> open = List.copyOf(lengths.keySet());
      List<Chunk> chunks = open.stream().map(this::unreadTokens).toList();
      for (int ahead = 0; !open.isEmpty(); ahead++) {
        step(chunks, open, ahead);
        List<SpeculativeSequence> next = new ArrayList<>();
        chunks = new ArrayList<>();
        for (SpeculativeSequence sequence : open) {
          int token = state(sequence).token(ahead);
          // Nothing follows a token that ends the sequence.
          if (ahead + 1 < lengths.get(sequence)
              && !sequence.stopsAt(token)
              && sequence.sampler().draft(token)) {
            int position = sequence.proposer().length() + ahead;
            chunks.add(Chunk.decode(sequence.slot(), position, token));
            next.add(sequence);
          }
        }
        open = next;
      }
    } catch (RuntimeException | Error e) {
      fail(lengths.keySet(), e);
    } finally {
      lengths.keySet().forEach(sequence -> sequence.sampler().dropDraft());
    }
  }

  /** The unread tokens of a sequence, with the logits after the last one. */
  private Chunk unreadTokens(SpeculativeSequence sequence) {
    int start = state(sequence).read();
    int[] tokens = sequence.proposer().tokens(start, sequence.proposer().length());
    return new Chunk(sequence.slot(), start, tokens, tokens.length - 1);
  }

  /** Computes one more draft token of each sequence, from a chunk with one row of logits each. */
  private void step(List<Chunk> chunks, List<SpeculativeSequence> sequences, int ahead) {
    try (StepResult result = model.step(new StepPlan(List.of(), chunks))) {
      int[] argmax = result.argmax();
      for (int i = 0; i < argmax.length; i++) {
        TokenSampler sampler = sequences.get(i).sampler();
        if (argmax[i] < 0) {
          throw new InvalidModelOutputException("its logits hold NaN or infinity");
        }
        if (sampler.editsLogits()) {
          sampler.process(result.logits(i));
          if (!sampler.leavesToken(result.logits(i))) {
            // The real step ends the request; any draft token will do.
            result.logits(i).put(argmax[i], 0);
          }
        }
      }
      FloatBuffer[] probabilities = probabilities(sequences, ahead, result);
      for (int i = 0; i < argmax.length; i++) {
        SpeculativeSequence sequence = sequences.get(i);
        TokenSampler sampler = sequence.sampler();
        int likeliest = sampler.editsLogits() ? sampler.argmax(result.logits(i)) : argmax[i];
        int sampled =
            probabilities[i] == null ? likeliest : sampler.foresee(probabilities[i], ahead);
        state(sequence).propose(sampled, likeliest, sequence.proposer().length());
      }
    }
  }

  /** The probabilities by sequence; null where no token is sampled. */
  private FloatBuffer[] probabilities(
      List<SpeculativeSequence> sequences, int ahead, StepResult result) {
    FloatBuffer[] probabilities = new FloatBuffer[sequences.size()];
    int[] sampled =
        IntStream.range(0, sequences.size())
            .filter(i -> !sequences.get(i).sampler().greedy())
            .filter(i -> ahead == 0 || state(sequences.get(i)).samples())
            .toArray();
    if (sampled.length > 0) {
      FloatBuffer[] softmax =
          result.softmax(
              sampled,
              IntStream.of(sampled)
                  .mapToDouble(i -> sequences.get(i).sampler().temperature())
                  .toArray());
      for (int i = 0; i < sampled.length; i++) {
        probabilities[sampled[i]] = softmax[i];
      }
    }
    return probabilities;
  }

  /**
   * Reads texts of which more is unread than can be read along with a draft: as many chunks as the
   * budget allows, at least one.
   */
  void read(Collection<SpeculativeSequence> sequences, double budget) {
    List<Chunk> chunks = new ArrayList<>();
    int tokens = 0;
    for (SpeculativeSequence sequence : sequences) {
      // The last token is read in the step of the first draft token.
      int end = sequence.proposer().length() - 1;
      int length;
      for (int start = state(sequence).read(); start < end; start += length) {
        length = Math.min(CHUNK, end - start);
        tokens += length;
        if (!chunks.isEmpty() && cost(tokens) > budget) {
          break;
        }
        int[] chunk = sequence.proposer().tokens(start, start + length);
        chunks.add(new Chunk(sequence.slot(), start, chunk, length));
      }
    }
    try {
      model.step(new StepPlan(List.of(), chunks)).close();
      for (SpeculativeSequence sequence : sequences) {
        chunks.stream()
            .filter(chunk -> chunk.slot() == sequence.slot())
            .forEach(chunk -> state(sequence).read(chunk.end()));
      }
    } catch (RuntimeException | Error e) {
      fail(sequences, e);
    }
  }

  /**
   * Drafts one token of a sequence for which drafts did not pay, to notice when they do again. The
   * real model does not verify it in a step; it is compared with the token generated anyway. Takes
   * a small share of the steps' time.
   *
   * @param cost the cost of the real model's step that is being planned
   */
  void probe(List<? extends SpeculativeSequence> sequences, double cost) {
    probeBudget = Math.min(probeBudget + PROBE_SHARE * cost, cost(CHUNK) + cost(1));
    sequences.stream()
        .filter(sequence -> maxDraft(sequence) > 0)
        .min(Comparator.comparingDouble(sequence -> state(sequence).drafted()))
        .ifPresent(this::probe);
  }

  private void probe(SpeculativeSequence sequence) {
    int before = unread(sequence) - 1;
    double price = cost(Math.min(before, CHUNK)) + cost(1);
    if (probeBudget < price) {
      return;
    }
    probeBudget -= price;
    if (before > 0) {
      read(List.of(sequence), price);
    }
    if (before <= CHUNK && maxDraft(sequence) > 0) {
      propose(Map.of(sequence, 1));
    }
  }

  private void fail(Collection<SpeculativeSequence> sequences, Throwable failure) {
    Failures.requireSurvivable(failure);
    if (Failures.ofModelOutput(failure)) {
      log.warn(
          "The draft model failed; {} sequences go on without it: {}",
          sequences.size(),
          failure.getMessage());
    } else {
      log.warn("The draft model failed; {} sequences go on without it", sequences.size(), failure);
    }
    sequences.forEach(sequence -> state(sequence).fail());
  }

  /** Frees the draft model. */
  @Override
  public void close() {
    model.close();
  }
}
