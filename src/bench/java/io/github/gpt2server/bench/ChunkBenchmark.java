package io.github.gpt2server.bench;

import io.github.gpt2server.api.openai.completion.CompletionResponse;
import io.github.gpt2server.api.openai.completion.CompletionResponse.Choice;
import io.github.gpt2server.web.json.JsonConfiguration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** Writing a streamed token: the chunk of a completion to JSON, as the server configures it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ChunkBenchmark {
  private final ObjectWriter json = writer();
  private final Choice choice = new Choice(" king", 0, null, null, null, null, null, null);

  /** One chunk. */
  @Benchmark
  public byte[] write() {
    return json.writeValueAsBytes(
        new CompletionResponse(
            "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d",
            "text_completion",
            1_764_000_000,
            "gpt2",
            List.of(choice),
            null,
            null));
  }

  private static ObjectWriter writer() {
    JsonMapper.Builder builder = JsonMapper.builder();
    JsonConfiguration configuration = new JsonConfiguration();
    configuration.fieldOrder().customize(builder);
    configuration.fastNumbers().customize(builder);
    return builder.build().writer();
  }
}
