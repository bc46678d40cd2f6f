package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.PromptChunk;
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
 * A smaller model of the same vocabulary that guesses how sequences go on, after "Fast Inference
 * from Transformers via Speculative Decoding", Leviathan et al., 2023. It has a KV cache of its own
 * with the same slots, and reads what has come since its last guess before it makes the next one.
 *
 * <p>What goes wrong here costs guesses and nothing else.
 */
public final class DraftModelProposer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DraftModelProposer.class);

  /** So many tokens that it has not read yet are read along with the first guess. */
  static final int MAX_ALONG = 16;

  /** The longest chunk in which it reads more than that. */
  static final int PIECE = 64;

  /** The chance of a guess before any was seen: between what unlike and like models reach. */
  private static final double BEFOREHAND = 0.6;

  private static final double WEIGHT = 16;
  private static final double MEMORY = 1024;

  /** What share of the time may go into a look whether guesses have come to pay. */
  private static final double PROBE_SHARE = 0.01;

  private final LanguageModel model;
  private final StepCosts costs;
  private final DraftState.Rates all =
      new DraftState.Rates(
          new AcceptanceRate(() -> BEFOREHAND, WEIGHT, MEMORY),
          new AcceptanceRate(() -> BEFOREHAND, WEIGHT, MEMORY));
  private double purse;

  /**
   * Has read nothing yet.
   *
   * @param model has the slots and the vocabulary of the real one
   * @param costs of its steps, in the unit of the real model's
   */
  public DraftModelProposer(LanguageModel model, StepCosts costs) {
    this.model = model;
    this.costs = costs;
  }

  /** What it knows of a sequence. */
  DraftState draft(SpeculativeSequence sequence) {
    return sequence.proposer().draft(all);
  }

  /** How many tokens of a sequence it has not read yet; at least the last one, before a guess. */
  int unread(SpeculativeSequence sequence) {
    return sequence.proposer().length() - draft(sequence).read();
  }

  /** The longest draft of a sequence; 0 for one that it cannot or need not guess for. */
  int maxDraft(SpeculativeSequence sequence) {
    if (draft(sequence).failed()) {
      return 0;
    }
    int inContext = model.contextLength() - sequence.proposer().length() + 1;
    return Math.max(0, Math.min(inContext, sequence.maxDraft()));
  }

  /** The cost of a step of so many rows. */
  double cost(int rows) {
    return rows == 0 ? 0 : costs.of(rows);
  }

  /**
   * Guesses tokens, in a step for each that lies ahead, of all sequences together.
   *
   * @param drafts how many tokens to guess at the most, by sequence in ascending order of slots
   */
  void guess(Map<SpeculativeSequence, Integer> drafts) {
    try {
      List<SpeculativeSequence> open = List.copyOf(drafts.keySet());
      List<Decode> decodes = new ArrayList<>();
      int[] rows = addUnread(decodes, open);
      for (int ahead = 0; !open.isEmpty(); ahead++) {
        step(decodes, open, rows, ahead);
        List<SpeculativeSequence> next = new ArrayList<>();
        decodes = new ArrayList<>();
        for (SpeculativeSequence sequence : open) {
          int token = draft(sequence).token(ahead);
          // Nothing follows a token that ends the sequence.
          if (ahead + 1 < drafts.get(sequence) && !sequence.stopsAt(token)) {
            int position = sequence.proposer().length() + ahead;
            decodes.add(new Decode(sequence.slot(), position, token));
            next.add(sequence);
          }
        }
        open = next;
        rows = IntStream.range(0, open.size()).toArray();
      }
    } catch (RuntimeException | Error e) {
      fail(drafts.keySet(), e);
    }
  }

  /** Adds what is not read yet, in rounds; returns the row of each sequence's last token. */
  private int[] addUnread(List<Decode> decodes, List<SpeculativeSequence> sequences) {
    int[] rows = new int[sequences.size()];
    int longest = sequences.stream().mapToInt(this::unread).max().orElse(0);
    for (int round = 0; round < longest; round++) {
      for (int i = 0; i < rows.length; i++) {
        SpeculativeSequence sequence = sequences.get(i);
        int position = draft(sequence).read() + round;
        if (position < sequence.proposer().length()) {
          rows[i] = decodes.size();
          int token = sequence.proposer().token(position);
          decodes.add(new Decode(sequence.slot(), position, token));
        }
      }
    }
    return rows;
  }

  /** Guesses one token more of each sequence. */
  private void step(
      List<Decode> decodes, List<SpeculativeSequence> sequences, int[] rows, int ahead) {
    try (StepResult result = model.step(new StepPlan(decodes, List.of()))) {
      int[] argmax = result.argmax();
      for (int i = 0; i < rows.length; i++) {
        TokenSampler sampler = sequences.get(i).sampler();
        if (argmax[rows[i]] < 0) {
          throw new InvalidModelOutputException("its logits hold NaN or infinity");
        }
        if (sampler.editsLogits()) {
          // By what the sequence holds so far; what is guessed itself does not count yet.
          sampler.process(result.logits(rows[i]));
        }
      }
      FloatBuffer[] probabilities = probabilities(sequences, rows, ahead, result);
      for (int i = 0; i < rows.length; i++) {
        SpeculativeSequence sequence = sequences.get(i);
        TokenSampler sampler = sequence.sampler();
        int likeliest =
            sampler.editsLogits() ? sampler.argmax(result.logits(rows[i])) : argmax[rows[i]];
        int drawn = probabilities[i] == null ? likeliest : sampler.foresee(probabilities[i], ahead);
        draft(sequence).guess(drawn, likeliest, sequence.proposer().length());
      }
    }
  }

  /** Of each sequence for which a token is drawn, else null. */
  private FloatBuffer[] probabilities(
      List<SpeculativeSequence> sequences, int[] rows, int ahead, StepResult result) {
    FloatBuffer[] probabilities = new FloatBuffer[rows.length];
    int[] drawn =
        IntStream.range(0, rows.length)
            .filter(i -> !sequences.get(i).sampler().greedy())
            .filter(i -> ahead == 0 || draft(sequences.get(i)).draws())
            .toArray();
    if (drawn.length > 0) {
      FloatBuffer[] softmax =
          result.softmax(
              IntStream.of(drawn).map(i -> rows[i]).toArray(),
              IntStream.of(drawn)
                  .mapToDouble(i -> sequences.get(i).sampler().temperature())
                  .toArray());
      for (int i = 0; i < drawn.length; i++) {
        probabilities[drawn[i]] = softmax[i];
      }
    }
    return probabilities;
  }

  /**
   * Reads on in texts of which more is unread than is read along with a guess: in chunks, as many
   * as may be paid for, one at least.
   */
  void read(Collection<SpeculativeSequence> sequences, double budget) {
    List<PromptChunk> chunks = new ArrayList<>();
    int tokens = 0;
    for (SpeculativeSequence sequence : sequences) {
      // The last token is left to the guess that follows it.
      int end = sequence.proposer().length() - 1;
      int length;
      for (int start = draft(sequence).read(); start < end; start += length) {
        length = Math.min(PIECE, end - start);
        tokens += length;
        if (!chunks.isEmpty() && cost(tokens) > budget) {
          break;
        }
        int[] chunk = sequence.proposer().tokens(start, start + length);
        chunks.add(new ComputedChunk(sequence.slot(), start, chunk, length, StepPlan.NO_BLOCK));
      }
    }
    try {
      model.step(new StepPlan(List.of(), chunks)).close();
      for (SpeculativeSequence sequence : sequences) {
        chunks.stream()
            .filter(chunk -> chunk.slot() == sequence.slot())
            .forEach(chunk -> draft(sequence).read(chunk.end()));
      }
    } catch (RuntimeException | Error e) {
      fail(sequences, e);
    }
  }

  /**
   * Looks now and then whether a sequence's guesses would be right that are not worth their time:
   * as often as a small share of the steps' time lasts. No step computes what is guessed for this.
   *
   * @param cost of the step that is planned
   */
  void probe(List<? extends SpeculativeSequence> sequences, double cost) {
    purse = Math.min(purse + PROBE_SHARE * cost, cost(PIECE) + cost(1));
    sequences.stream()
        .filter(sequence -> maxDraft(sequence) > 0)
        .min(Comparator.comparingDouble(sequence -> draft(sequence).guessed()))
        .ifPresent(this::probe);
  }

  private void probe(SpeculativeSequence sequence) {
    int before = unread(sequence) - 1;
    double price = cost(Math.min(before, PIECE)) + cost(1);
    if (purse < price) {
      return;
    }
    purse -= price;
    if (before > 0) {
      read(List.of(sequence), price);
    }
    if (before <= PIECE && maxDraft(sequence) > 0) {
      guess(Map.of(sequence, 1));
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
    sequences.forEach(sequence -> draft(sequence).fail());
  }

  @Override
  public void close() {
    model.close();
  }
}
