package io.github.gpt2server.ops.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.web.path.Paths;
import java.lang.reflect.Field;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperationTest {

  @ParameterizedTest
  @CsvSource({
    "/v1/completions, TEXT_COMPLETION",
    "/v1/chat/completions, CHAT",
    "/openai/v1/chat/completions, CHAT",
    "/openai/deployments/gpt2/chat/completions, CHAT",
    "/openai/v1/completions, TEXT_COMPLETION",
    "/openai/deployments/gpt2/completions, TEXT_COMPLETION",
    "/openai/deployments/openai%2Fgpt2/embeddings, EMBEDDINGS",
    "/openai/v1/embeddings, EMBEDDINGS",
    "/v1/inspect, INSPECT"
  })
  void knowsAzuresPathsToo(String path, Operation operation) {
    assertThat(Operation.at(path)).contains(operation);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/openai/completions",
        "/openai/v1/score",
        "/openai/deployments/a/b/completions",
        "/v1/models",
        "/x/openai/v1/completions"
      })
  void otherPathsAskNothingOfTheModel(String path) {
    assertThat(Operation.at(path)).isEmpty();
  }

  @Test
  void everyPathThatRunsTheModelHasAnOperation() throws IllegalAccessException {
    Set<String> without = new TreeSet<>();
    for (Field constant : Paths.class.getFields()) {
      if (constant.getType() == String.class) {
        String path = (String) constant.get(null);
        if (path.startsWith("/v1/") && Operation.at(path).isEmpty()) {
          without.add(path);
        }
      }
    }
    assertThat(without)
        .containsExactlyInAnyOrder(
            Paths.MODELS, Paths.STATUS, Paths.TOKENIZE, Paths.DETOKENIZE, Paths.VOCABULARY);
  }

  @Test
  void hasTheNamesOfTheConventions() {
    assertThat(Operation.TEXT_COMPLETION).hasToString("text_completion");
    assertThat(Operation.CHAT).hasToString("chat");
  }
}
