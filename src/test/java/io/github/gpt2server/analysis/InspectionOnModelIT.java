package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.Gpt2Model;
import io.github.gpt2server.model.torch.TorchDevice;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Questions about the internals of the embedded model, asked beside running streams. */
@Timeout(120)
class InspectionOnModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final List<Integer> ALL_LAYERS = List.of(0, 1, 2, 3);
  private static final List<Integer> ALL_HEADS = List.of(0, 1, 2, 3, 4);

  private static Gpt2Tokenizer tokenizer;
  private static Engine engine;

  @BeforeAll
  static void start() throws Exception {
    tokenizer = Gpt2Tokenizer.load(FOLDER);
    Gpt2Config config = Gpt2Config.read(FOLDER);
    engine =
        Engine.start(
            () ->
                Gpt2Model.load(
                    config,
                    Weights.open(FOLDER, config),
                    TorchDevice.CPU,
                    WeightType.FLOAT32,
                    new CacheSize(16, 0, 64)),
            tokenizer,
            EngineSettings.withQueue(64));
  }

  @AfterAll
  static void stop() {
    engine.close();
    tokenizer.close();
  }

  @Test
  void amongStreamsTheNumbersAreTheSameAndSoAreTheStreams() throws Exception {
    List<List<Integer>> texts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      texts.add(read(stream(i)));
    }
    InspectionAnswer alone = answer(everything(300));

    List<GenerationHandle> streams = IntStream.range(0, 8).mapToObj(this::stream).toList();
    for (GenerationHandle stream : streams) {
      assertThat(stream.poll(LONG)).isPresent();
    }
    InspectionAnswer beside = answer(everything(300));
    for (int i = 0; i < 8; i++) {
      assertThat(read(streams.get(i), 1)).isEqualTo(texts.get(i).subList(1, texts.get(i).size()));
    }

    for (int token = 0; token < 4096; token++) {
      assertThat(beside.next().logprob(token)).isEqualTo(alone.next().logprob(token));
      assertThat(beside.ablated().logprob(token)).isEqualTo(alone.ablated().logprob(token));
    }
    for (int layer = 0; layer < 4; layer++) {
      assertThat(beside.residualNorms(layer + 1)).isEqualTo(alone.residualNorms(layer + 1));
      assertThat(beside.lensLogprobs(layer, 200)).isEqualTo(alone.lensLogprobs(layer, 200));
      for (int head = 0; head < 5; head++) {
        assertThat(Arrays.deepEquals(beside.attention(layer, head), alone.attention(layer, head)))
            .isTrue();
        assertThat(beside.logprobChange(1, layer, head))
            .isEqualTo(alone.logprobChange(1, layer, head));
      }
    }
    assertThat(beside.attribution(1).layers().get(3).heads())
        .isEqualTo(alone.attribution(1).layers().get(3).heads());
  }

  @Test
  void theAnswerIsMadeOfTheModelsNumbers() throws Exception {
    InspectionQuestion question = everything(20);
    InspectionAnswer answer = answer(question);
    TokenDistribution next = answer.next();
    for (int target = 0; target < 2; target++) {
      int token = question.targets()[target];
      assertThat(answer.ablated().logprob(token) - next.logprob(token))
          .isEqualTo(answer.logprobChange(target));
      LogitParts parts = answer.attribution(target);
      double sum = parts.embedding() + parts.finalBias();
      for (LogitParts.LayerParts layer : parts.layers()) {
        sum += layer.attentionBias() + layer.mlp();
        for (float head : layer.heads()) {
          sum += head;
        }
      }
      assertThat(sum).isCloseTo(parts.logit(), within(1e-4));
      assertThat(parts.logit()).isEqualTo(answer.logit(target));
    }
    // The question ablates 1.2 and 3.0 together, and each by itself.
    assertThat(answer.logprobChange(0, 1, 2)).isNotZero().isNotEqualTo(answer.logprobChange(0));
    assertThat(answer.lensTokens(4, 19)).isEqualTo(next.likeliest(5));
    for (int i = 0; i < 5; i++) {
      assertThat((double) answer.lensLogprobs(4, 19)[i])
          .isCloseTo(next.logprob(answer.lensTokens(4, 19)[i]), within(1e-5));
    }
    assertThat(answer.attention(3, 4)).hasDimensions(20, 20);
    assertThat(answer.residualNorms(0)).hasSize(20);
  }

  /** Work whose every slice waits for a permit. */
  private record Held(
      ModelTask<InspectionAnswer> work, Semaphore begun, Semaphore slices, AtomicBoolean closed)
      implements ModelTask<InspectionAnswer> {
    @Override
    public boolean advance() {
      begun.release();
      slices.acquireUninterruptibly();
      return work.advance();
    }

    @Override
    public InspectionAnswer result() {
      return work.result();
    }

    @Override
    public void close() {
      work.close();
      closed.set(true);
    }
  }

  @Test
  void aQuestionThatIsCancelledHalfWayIsClosedAndLeavesNothingBehind() throws Exception {
    Semaphore slices = new Semaphore(3);
    Semaphore begun = new Semaphore(0);
    AtomicBoolean closed = new AtomicBoolean();
    TaskRequest<InspectionAnswer> request = everything(512).task("test", LONG);
    TaskHandle<InspectionAnswer> handle =
        engine.submit(
            new TaskRequest<>(
                "test",
                request.texts(),
                model -> new Held(request.start().apply(model), begun, slices, closed),
                LONG));
    // In the fourth slice, of some dozens.
    begun.acquire(4);
    handle.cancel();
    slices.release();
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(handle.result()).isNull();
    assertThat(closed).isTrue();
    assertThat(engine.awaitIdle(LONG)).isTrue();
  }

  @Test
  void theSizeIsKnownBefore() {
    InspectionSize size = everything(100).size(4, 5);
    assertThat(size)
        .isEqualTo(
            new InspectionSize(
                1 + 2 * 4 * 5 + (5 + 3) * 2,
                5 * 100,
                3 * 5 * 100 * 5,
                20 * 100 * 100,
                2 * (4 + 4 * 7),
                20 * 2));
    assertThat(size.total()).isEqualTo(57 + 500 + 7500 + 200_000 + 64 + 40);
  }

  private static InspectionQuestion everything(int length) {
    SortedMap<Integer, List<Integer>> ablated = new TreeMap<>();
    ablated.put(1, List.of(2));
    ablated.put(3, List.of(0));
    return new InspectionQuestion(
        new Random(length).ints(length, 0, 4000).toArray(),
        length - 1,
        5,
        ALL_LAYERS,
        ALL_HEADS,
        true,
        true,
        true,
        new int[] {259, 449},
        true,
        Collections.unmodifiableSortedMap(ablated),
        true);
  }

  private static InspectionAnswer answer(InspectionQuestion question) throws InterruptedException {
    TaskHandle<InspectionAnswer> handle = engine.submit(question.task("test", LONG));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    return handle.result();
  }

  private GenerationHandle stream(int number) {
    int[] prompt = tokenizer.encode("Once upon a time there were " + number);
    return engine.submit(RequestBuilder.request(prompt, 80).stream());
  }

  private static List<Integer> read(GenerationHandle stream) throws InterruptedException {
    return read(stream, 0);
  }

  private static List<Integer> read(GenerationHandle stream, int alreadyRead)
      throws InterruptedException {
    List<Integer> tokens = new ArrayList<>();
    while (tokens.size() < 80 - alreadyRead) {
      Optional<SequenceEvent> event = stream.poll(LONG);
      assertThat(event).isPresent();
      if (event.get() instanceof SequenceEvent.Token token) {
        tokens.add(token.token());
      }
    }
    assertThat(stream.awaitEnd(LONG)).isTrue();
    return tokens;
  }
}
