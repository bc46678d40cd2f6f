package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.Scrape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Draft tokens are seen in the metrics and nowhere else. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class SpeculationIT {
  private static final String REQUEST =
      """
      {"prompt": "The king said", "max_tokens": 300, "temperature": 0, "ignore_eos": true,
       "logprobs": 2, "return_token_ids": true%s}\
      """;
  private static final String FORM =
      """
      {"prompt": "The king said", "max_tokens": 200, "temperature": %d, "seed": 6, "logprobs": 2,
       "structured_outputs": {"regex": "( (the|a) (king|queen|man|wolf) (said|saw|went)[,.])+"}}\
      """;
  private static final String DRAFTED = "spec_decode_num_draft_tokens_total";
  private static final String ACCEPTED = "spec_decode_num_accepted_tokens_total";

  @Test
  void answersAreTheSameAndEachTokenIsAnEventOfItsOwn() throws Exception {
    try (LiveServer speculating = new LiveServer();
        LiveServer drafting = new LiveServer("--gpt2.draft-model=models/gpt2-fairytales");
        LiveServer plain = new LiveServer("--gpt2.speculation=off")) {
      JsonNode expected = choice(plain.ask("/v1/completions", REQUEST.formatted("")));
      assertThat(choice(speculating.ask("/v1/completions", REQUEST.formatted(""))))
          .isEqualTo(expected);
      assertThat(choice(drafting.ask("/v1/completions", REQUEST.formatted(""))))
          .isEqualTo(expected);

      String form = FORM.formatted(1);
      expected = choice(plain.ask("/v1/completions", form));
      assertThat(choice(speculating.ask("/v1/completions", form))).isEqualTo(expected);
      assertThat(choice(drafting.ask("/v1/completions", form))).isEqualTo(expected);
      form = FORM.formatted(0);
      expected = choice(plain.ask("/v1/completions", form));
      assertThat(choice(speculating.ask("/v1/completions", form))).isEqualTo(expected);
      assertThat(choice(drafting.ask("/v1/completions", form))).isEqualTo(expected);

      expected = choice(plain.ask("/v1/completions", REQUEST.formatted("")));
      List<JsonNode> events =
          speculating
              .post("/v1/completions", REQUEST.formatted(", \"stream\": true"))
              .body()
              .lines()
              .filter(line -> line.startsWith("data: {"))
              .map(line -> choice(JsonMapper.shared().readTree(line.substring(6))))
              .toList();
      List<JsonNode> tokens =
          events.stream()
              .map(event -> event.get("token_ids"))
              .filter(ids -> ids != null && !ids.isEmpty())
              .toList();
      assertThat(tokens).hasSize(300).allMatch(ids -> ids.size() == 1);
      assertThat(tokens.stream().map(ids -> ids.get(0)))
          .containsExactlyElementsOf(expected.get("token_ids"));

      Scrape scrape = Scrape.of(speculating);
      assertThat(scrape.value("gpt2_" + DRAFTED)).isPositive();
      assertThat(scrape.value("gpt2_" + ACCEPTED)).isPositive();
      assertThat(scrape.value("vllm:" + DRAFTED)).isEqualTo(scrape.value("gpt2_" + DRAFTED));
      assertThat(scrape.value("vllm:" + ACCEPTED)).isEqualTo(scrape.value("gpt2_" + ACCEPTED));
      assertThat(Scrape.of(plain).value("gpt2_" + DRAFTED)).isZero();
    }
  }

  @Test
  void theStartUpLineNamesTheDraftModel(CapturedOutput output) {
    new LiveServer("--gpt2.draft-model=models/gpt2-fairytales").close();
    assertThat(output.getOut()).contains("KV cache 320 MiB, draft model gpt2-fairytales) ready");
  }

  @Test
  void aDraftModelThatIsNotThereStopsTheStart() {
    assertThatThrownBy(() -> new LiveServer("--gpt2.draft-model=/no/such/folder").close())
        .hasStackTraceContaining(
            "gpt2.draft-model is '/no/such/folder', but there is no such folder");
  }

  private static JsonNode choice(JsonNode answer) {
    return answer.get("choices").get(0);
  }
}
