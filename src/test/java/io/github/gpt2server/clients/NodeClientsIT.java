package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NodeProgram;
import io.github.gpt2server.testing.OwnServer;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What clients on Node.js make of this server. Their tests are in {@code src/test/npm/clients}, in
 * their own language; here they are only run.
 */
@NodeProgram.Needed("clients")
@OwnServer({
  "--gpt2.dtype=float32",
  "--gpt2.aliases=gpt-3.5-turbo-instruct,text-embedding-ada-002",
  "--gpt2.max-sequences=2",
  "--gpt2.max-queue=1"
})
class NodeClientsIT {
  private static LiveServer server;

  @ParameterizedTest
  @CsvSource({"openai.mjs, 11", "ai-sdk.mjs, 14", "langchain.mjs, 5"})
  void theTestsOfTheClientPass(String script, int tests) throws Exception {
    NodeProgram.Result result =
        NodeProgram.script("clients", script)
            .run(Map.of("SERVER", server.base().toString(), "AI_SDK_LOG_WARNINGS", "false"));

    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains("pass " + tests + "\n");
  }
}
