package io.github.gpt2server.bench;

import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.TokenSampler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Drawing one token of GPT-2's 50,257 from probabilities, after each of the truncations. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplingBenchmark {
  /** Logits of this deviation give a distribution as peaked as GPT-2's on ordinary text. */
  private static final double DEVIATION = 2.5;

  /** Which truncation. */
  @Param({"none", "top_k 50", "top_p 0.95", "min_p 0.05", "typical_p 0.95"})
  public String truncation;

  private FloatBuffer probabilities;
  private TokenSampler sampler;

  /** Draws the probabilities. */
  @Setup
  public void prepare() {
    probabilities = probabilities();
    sampler = new TokenSampler(parameters(), new int[] {1}, Set.of());
  }

  /** One draw. */
  @Benchmark
  public int sample() {
    return sampler.sample(probabilities);
  }

  private SamplingParameters parameters() {
    return new SamplingParameters(
        1,
        truncation.startsWith("top_k") ? 50 : 0,
        truncation.startsWith("top_p") ? 0.95 : 1,
        truncation.startsWith("min_p") ? 0.05 : 0,
        truncation.startsWith("typical_p") ? 0.95 : 1,
        1,
        0,
        0,
        Map.of(),
        0,
        1);
  }

  private static FloatBuffer probabilities() {
    SplittableRandom random = new SplittableRandom(1);
    double[] weights =
        IntStream.range(0, Gpt2Shape.VOCAB_SIZE)
            .mapToDouble(token -> Math.exp(DEVIATION * random.nextGaussian()))
            .toArray();
    double sum = IntStream.range(0, weights.length).mapToDouble(token -> weights[token]).sum();
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(weights.length * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    for (double weight : weights) {
      buffer.put((float) (weight / sum));
    }
    return buffer.flip();
  }
}
