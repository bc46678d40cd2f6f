package io.github.gpt2server.model.torch;

import static io.github.gpt2server.model.torch.ModelSteps.chunk;
import static io.github.gpt2server.model.torch.ModelSteps.prefill;
import static io.github.gpt2server.model.torch.ModelSteps.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.CachedChunk;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.PromptChunk;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** However many of them a step has, also where one ends between the multiples of their size. */
  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void chunksOfOnePromptInOneStepGiveTheSameBitsAsInSeveral(int size) {
    int[] tokens = randomTokens(new Random(5), 490);
    List<PromptChunk> chunks = new ArrayList<>();
    for (int start = 0, end; start < tokens.length; start = end) {
      end = Math.min((start / size + 1) * size, start < 400 ? 400 : tokens.length);
      chunks.add(chunk(4, tokens, start, end));
    }
    float[] expected = lastRow(chunks, 1);
    for (int atOnce : new int[] {2, 3, 7, chunks.size()}) {
      assertThat(lastRow(chunks, atOnce)).as(atOnce + " at once").isEqualTo(expected);
    }
  }

  /** The last row of the last chunk, of steps of so many. */
  private static float[] lastRow(List<PromptChunk> chunks, int atOnce) {
    float[] last = null;
    for (int i = 0; i < chunks.size(); i += atOnce) {
      List<PromptChunk> some = chunks.subList(i, Math.min(chunks.size(), i + atOnce));
      try (StepResult result = model.step(new StepPlan(List.of(), some))) {
        if (i + atOnce >= chunks.size()) {
          last = row(result, 0);
        }
      }
    }
    return last;
  }

  @Test
  void aChunkFromItsBlockGivesTheBitsOfTheComputedOne() {
    int[] tokens = randomTokens(new Random(6), 150);
    List<PromptChunk> computed = new ArrayList<>();
    List<PromptChunk> copied = new ArrayList<>();
    for (int start = 0, block = 3; start < tokens.length; start += 64, block--) {
      int end = Math.min(tokens.length, start + 64);
      int[] chunk = Arrays.copyOfRange(tokens, start, end);
      computed.add(new ComputedChunk(7, start, chunk, start == 64 ? 60 : 0, block));
      copied.add(new CachedChunk(20, start, chunk.length, start == 64 ? 60 : 0, block));
    }
    int rows = 64 + 4 + 22;
    Decode next7 = new Decode(7, 150, 11);
    Decode next20 = new Decode(20, 150, 11);
    try (StepResult expected = model.step(new StepPlan(List.of(), computed));
        StepResult actual = model.step(new StepPlan(List.of(), copied));
        StepResult expectedNext = model.step(new StepPlan(List.of(next7), List.of()));
        StepResult actualNext = model.step(new StepPlan(List.of(next20), List.of()))) {
      for (int row = 0; row < rows; row++) {
        assertThat(row(actual, row)).as("row " + row).isEqualTo(row(expected, row));
      }
      assertThat(row(actualNext, 0)).isEqualTo(row(expectedNext, 0));
    }
  }

  @Test
  void copiedAndComputedChunksAndDecodesShareAStep() {
    int[] tokens = randomTokens(new Random(16), 100);
    float[] expected = prefill(model, 3, tokens, 64);
    prefill(model, 9, new int[] {1, 2, 3}, 64);
    float[] decoded;
    try (StepResult result = model.step(new StepPlan(List.of(new Decode(9, 3, 4)), List.of()))) {
      decoded = row(result, 0);
    }
    int[] first = Arrays.copyOf(tokens, 64);
    model.step(new StepPlan(List.of(), List.of(new ComputedChunk(3, 0, first, 64, 2)))).close();
    List<PromptChunk> chunks = List.of(new CachedChunk(5, 0, 64, 63, 2), chunk(5, tokens, 64, 100));
    try (StepResult result = model.step(new StepPlan(List.of(new Decode(9, 3, 4)), chunks))) {
      assertThat(row(result, 0)).isEqualTo(decoded);
      assertThat(row(result, 2)).isEqualTo(expected);
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
          model.step(new StepPlan(List.of(new Decode(slot, position, token)), List.of()))) {
        alone = row(result, 0);
      }
      TreeSet<Integer> crowd = new TreeSet<>(List.of(slot));
      int size = 1 + random.nextInt(SLOTS - 1);
      while (crowd.size() < size) {
        crowd.add(random.nextInt(SLOTS));
      }
      int idle = IntStream.range(0, SLOTS).filter(s -> !crowd.contains(s)).findAny().orElseThrow();
      List<Decode> decodes = new ArrayList<>();
      for (int s : crowd) {
        decodes.add(
            s == slot
                ? new Decode(slot, position, token)
                : new Decode(s, 1 + random.nextInt(length - 1), random.nextInt(100)));
      }
      int[] prompt = randomTokens(random, 1 + random.nextInt(100));
      List<PromptChunk> chunks =
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
      List<List<Decode>> rounds = new ArrayList<>();
      for (int slot : crowd) {
        int start = 1 + random.nextInt(length - 1);
        int drafted = random.nextInt(9);
        for (int i = 0; i <= drafted; i++) {
          if (rounds.size() == i) {
            rounds.add(new ArrayList<>());
          }
          rounds.get(i).add(new Decode(slot, start + i, random.nextInt(4000)));
        }
      }
      List<Decode> decodes = rounds.stream().flatMap(List::stream).toList();
      int idle = IntStream.range(0, SLOTS).filter(s -> !crowd.contains(s)).findAny().orElseThrow();
      int[] prompt = randomTokens(random, 1 + random.nextInt(64));
      float[] promptAlone = prefill(model, idle, prompt, 64);
      List<float[]> together = new ArrayList<>();
      List<PromptChunk> chunks = List.of(chunk(idle, prompt, 0, prompt.length));
      try (StepResult result = model.step(new StepPlan(decodes, chunks))) {
        for (int i = 0; i < decodes.size(); i++) {
          together.add(row(result, i));
        }
        assertThat(row(result, decodes.size())).isEqualTo(promptAlone);
      }
      for (int i = 0; i < decodes.size(); i++) {
        try (StepResult alone = model.step(new StepPlan(List.of(decodes.get(i)), List.of()))) {
          assertThat(row(alone, 0)).as(decodes.get(i).toString()).isEqualTo(together.get(i));
        }
      }
    }
  }

  private static int[] randomTokens(Random random, int count) {
    return random.ints(count, 0, 4000).toArray();
  }
}
