package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NodeProgram;
import io.github.gpt2server.testing.OwnServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What chat clients on Node.js make of this server; see {@link NodeClientsIT}. */
@NodeProgram.Needed("clients")
@OwnServer({"--gpt2.dtype=float32", "--gpt2.chat-template=plain"})
class NodeChatIT {
  private static LiveServer server;

  @Test
  void theTestsOfTheClientsPass() throws Exception {
    NodeProgram.Result result =
        NodeProgram.script("clients", "chat.mjs")
            .run(Map.of("SERVER", server.base().toString(), "AI_SDK_LOG_WARNINGS", "false"));

    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains("pass 9\n");
  }
}
