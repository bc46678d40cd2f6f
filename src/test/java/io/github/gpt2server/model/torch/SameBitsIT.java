package io.github.gpt2server.model.torch;

import static io.github.gpt2server.model.torch.ModelSteps.chunk;
import static io.github.gpt2server.model.torch.ModelSteps.prefill;
import static io.github.gpt2server.model.torch.ModelSteps.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** With every type of weights a row's bits depend on nothing else that is in the step. */
@ParameterizedClass
@EnumSource(names = {"FLOAT32", "BFLOAT16", "INT8"})
class SameBitsIT {
  private static final int SLOTS = 32;

  private static Gpt2Model model;

  @Parameter WeightType type;

  @BeforeParameterizedClassInvocation
  static void load(WeightType type) {
    Path folder = Path.of("models/gpt2-fairytales");
    Gpt2Config config = Gpt2Config.read(folder);
    model =
        Gpt2Model.load(
            config,
            Weights.open(folder, config),
            TorchDevice.CPU,
            type,
            new CacheSize(SLOTS, 4, 64));
  }

  @AfterParameterizedClassInvocation
  static void close() {
    model.close();
  }

  /** Cut anywhere, and in one step or in several. */
  @Test
  void aPromptGivesTheSameBitsWhereverItIsCut() {
    Random random = new Random(5);
    int[] tokens = randomTokens(random, 490);
    float[] expected = prefill(model, 4, tokens, tokens.length);
    for (int trial = 0; trial < 6; trial++) {
      int longest = 1 + random.nextInt(200);
      List<Chunk> step = new ArrayList<>();
      float[] last = null;
      for (int start = 0, end; start < tokens.length; start = end) {
        end = Math.min(start + 1 + random.nextInt(longest), tokens.length);
        step.add(chunk(9, tokens, start, end));
        if (end == tokens.length || random.nextInt(3) == 0) {
          last = lastRow(new StepPlan(List.of(), step));
          step.clear();
        }
      }
      assertThat(last).as("chunks of up to " + longest).isEqualTo(expected);
    }
  }

  private static float[] lastRow(StepPlan plan) {
    int rows = plan.chunks().mapToInt(Chunk::logitRows).sum();
    try (StepResult result = model.step(plan)) {
      return rows == 0 ? null : row(result, rows - 1);
    }
  }

  /** Whether it was read or generated, in another slot, with a part of a block at the end. */
  @Test
  void whatComesFromThePrefixCacheGivesTheSameBits() {
    Random random = new Random(6);
    int[] tokens = randomTokens(random, 170);
    float[] expected = prefill(model, 3, tokens, tokens.length);
    for (int trial = 0; trial < 8; trial++) {
      int read = random.nextInt(150);
      if (read > 0) {
        prefill(model, 7, Arrays.copyOf(tokens, read), 1 + random.nextInt(70));
      }
      for (int position = read; position < 150; position++) {
        lastRow(new StepPlan(List.of(Chunk.decode(7, position, tokens[position])), List.of()));
      }
      int cached = 65 + random.nextInt(85);
      model.retain(
          List.of(
              new BlockCopy(7, 0, 64, 3),
              new BlockCopy(7, 64, 64, 1),
              new BlockCopy(7, 128, 22, 2)));
      model.restore(
          cached <= 128
              ? List.of(new BlockCopy(20, 0, 64, 3), new BlockCopy(20, 64, cached - 64, 1))
              : List.of(
                  new BlockCopy(20, 0, 64, 3),
                  new BlockCopy(20, 64, 64, 1),
                  new BlockCopy(20, 128, cached - 128, 2)));
      Chunk rest = chunk(20, tokens, cached, tokens.length);
      Chunk beside = Chunk.decode(3, 100, 5);
      assertThat(lastRow(new StepPlan(List.of(beside), List.of(rest))))
          .as("%d read, %d cached", read, cached)
          .isEqualTo(expected);
      prefill(model, 3, tokens, tokens.length);
    }
  }

  /** The bits of a row must not depend on what else is in the step: see model.py. */
  @Test
  void aRowHasTheSameBitsAloneAndInAnyCrowd() {
    Random random = new Random(1);
    int length = 300;
    for (int slot = 0; slot < SLOTS; slot++) {
      prefill(model, slot, randomTokens(random, length), 64);
    }
    for (int trial = 0; trial < 100; trial++) {
      int slot = random.nextInt(SLOTS);
      int position = 1 + random.nextInt(length - 1);
      int token = random.nextInt(model.vocabSize());
      float[] alone;
      try (StepResult result =
          model.step(new StepPlan(List.of(Chunk.decode(slot, position, token)), List.of()))) {
        alone = row(result, 0);
      }
      TreeSet<Integer> crowd = new TreeSet<>(List.of(slot));
      int size = 1 + random.nextInt(SLOTS - 1);
      while (crowd.size() < size) {
        crowd.add(random.nextInt(SLOTS));
      }
      int idle = IntStream.range(0, SLOTS).filter(s -> !crowd.contains(s)).findAny().orElseThrow();
      List<Chunk> decodes = new ArrayList<>();
      for (int s : crowd) {
        decodes.add(
            s == slot
                ? Chunk.decode(slot, position, token)
                : Chunk.decode(s, 1 + random.nextInt(length - 1), random.nextInt(100)));
      }
      int[] prompt = randomTokens(random, 1 + random.nextInt(100));
      List<Chunk> chunks =
          random.nextBoolean() ? List.of() : List.of(chunk(idle, prompt, 0, prompt.length));
      try (StepResult result = model.step(new StepPlan(decodes, chunks))) {
        assertThat(row(result, crowd.headSet(slot).size())).isEqualTo(alone);
      }
    }
  }

  /** A draft token gets the bits that it would get in a step of its own. */
  @Test
  void aDraftedRowHasTheBitsOfAStepOfItsOwnInAnyCrowd() {
    Random random = new Random(21);
    int length = 200;
    for (int slot = 0; slot < SLOTS; slot++) {
      prefill(model, slot, randomTokens(random, length), 64);
    }
    for (int trial = 0; trial < 40; trial++) {
      TreeSet<Integer> crowd = new TreeSet<>();
      int size = trial % 4 == 0 ? 1 : 1 + random.nextInt(SLOTS - 1);
      while (crowd.size() < size) {
        crowd.add(random.nextInt(SLOTS));
      }
      List<Chunk> decodes = new ArrayList<>();
      for (int slot : crowd) {
        int[] drafted = randomTokens(random, 1 + random.nextInt(9));
        decodes.add(Chunk.decode(slot, 1 + random.nextInt(length - 1), drafted));
      }
      int idle = IntStream.range(0, SLOTS).filter(s -> !crowd.contains(s)).findAny().orElseThrow();
      int[] prompt = randomTokens(random, 1 + random.nextInt(64));
      float[] promptAlone = prefill(model, idle, prompt, 64);
      StepPlan plan = new StepPlan(decodes, List.of(chunk(idle, prompt, 0, prompt.length)));
      List<float[]> together = new ArrayList<>();
      try (StepResult result = model.step(plan)) {
        for (int row = 0; row < plan.decodeRows(); row++) {
          together.add(row(result, row));
        }
        assertThat(row(result, plan.decodeRows())).isEqualTo(promptAlone);
      }
      int row = 0;
      for (Chunk drafted : decodes) {
        for (int i = 0; i < drafted.length(); i++) {
          Chunk alone = Chunk.decode(drafted.slot(), drafted.start() + i, drafted.tokens()[i]);
          assertThat(lastRow(new StepPlan(List.of(alone), List.of())))
              .as("%s of %s", alone, drafted)
              .isEqualTo(together.get(row++));
        }
      }
    }
  }

  private static int[] randomTokens(Random random, int count) {
    return random.ints(count, 0, 4000).toArray();
  }
}
