package io.github.gpt2server.api.insight.inspect;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static io.github.gpt2server.testing.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.analysis.InspectionQuestion;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectValidatorTest {
  private static Gpt2Tokenizer tokenizer;
  private static InspectValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator = new InspectValidator(ServedModelFixture.of(tokenizer), ApiLimitsFixture.LIMITS);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aPromptAloneHasDefaults() {
    InspectSpec spec = valid("{\"prompt\": \"Once upon a time\"}");

    assertThat(spec.prompt().text()).isEqualTo("Once upon a time");
    assertThat(spec.prompt().offsets()).containsExactly(0, 4, 9, 11);
    InspectionQuestion question = spec.question();
    assertThat(question.tokens()).containsExactly(2771, 565, 258, 542);
    assertThat(question.position()).isEqualTo(3);
    assertThat(question.topK()).isEqualTo(5);
    assertThat(question.layers()).isEqualTo(List.of(0, 1, 2, 3));
    assertThat(question.heads()).isEqualTo(List.of(0, 1, 2, 3, 4));
    assertThat(question.attention()).isFalse();
    assertThat(question.logitLens()).isFalse();
    assertThat(question.residualNorm()).isFalse();
    assertThat(question.targets()).isEmpty();
    assertThat(question.attribution()).isFalse();
    assertThat(question.ablated()).isEmpty();
    assertThat(question.ablateEach()).isFalse();
  }

  @Test
  void everyFieldArrives() {
    InspectionQuestion question =
        valid(
                """
                {"model": "tales", "tokens": [7, 8, 9], "position": 1, "top_k": 2,
                 "layers": [3, 1], "heads": [4, 0], "attention": true, "logit_lens": true,
                 "residual_norm": true, "targets": [" upon", 0, 9.0], "attribution": true,
                 "ablate": [{"layer": 2, "head": 3}, {"layer": 0, "head": 1},
                            {"layer": 2, "head": 0}]}
                """)
            .question();

    assertThat(question.tokens()).containsExactly(7, 8, 9);
    assertThat(question.position()).isEqualTo(1);
    assertThat(question.topK()).isEqualTo(2);
    assertThat(question.layers()).isEqualTo(List.of(1, 3));
    assertThat(question.heads()).isEqualTo(List.of(0, 4));
    assertThat(question.attention()).isTrue();
    assertThat(question.logitLens()).isTrue();
    assertThat(question.residualNorm()).isTrue();
    assertThat(question.targets()).containsExactly(565, 0, 9);
    assertThat(question.attribution()).isTrue();
    assertThat(question.ablated()).isEqualTo(Map.of(0, List.of(1), 2, List.of(0, 3)));
    assertThat(question.ablateEach()).isFalse();
  }

  @Test
  void eachAblatesNoHeadsTogether() {
    InspectionQuestion question =
        valid("{\"tokens\": [7], \"targets\": [9], \"ablate\": \"each\"}").question();

    assertThat(question.ablateEach()).isTrue();
    assertThat(question.ablated()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"-3, 0", "-1, 2", "0, 0", "2, 2"})
  void positionsCountFromEitherEnd(int sent, int position) {
    assertThat(valid("{\"tokens\": [7, 8, 9], \"position\": " + sent + "}").question().position())
        .isEqualTo(position);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | prompt | prompt and tokens are missing; send one of them.
          {"prompt": "a", "tokens": [1]} | tokens | prompt and tokens exclude each other; remove one of them.
          {"tokens": [1, 2], "position": 2} | position | position must be between -2 and 1, but is 2.
          {"tokens": [1, 2], "position": -3} | position | position must be between -2 and 1, but is -3.
          {"tokens": [1], "top_k": -1} | top_k | top_k must be between 0 and 4096, but is -1.
          {"tokens": [1], "top_k": 4097} | top_k | top_k must be between 0 and 4096, but is 4097.
          {"tokens": [1], "attribution": true} | targets | attribution requires targets, whose logits it explains; send targets, or remove attribution.
          {"tokens": [1], "ablate": "each"} | targets | ablate "each" requires targets, whose log-probabilities it compares; send targets, or remove ablate.
          {"tokens": [1], "layers": []} | layers | layers is empty; send at least one layer, or remove layers to report all.
          {"tokens": [1], "heads": []} | heads | heads is empty; send at least one head, or remove heads to report all.
          {"tokens": [1], "layers": [0, 4]} | layers | layers[1] must be between 0 and 3, the last layer of this model, but is 4.
          {"tokens": [1], "heads": [-1]} | heads | heads[0] must be between 0 and 4, the last head of this model, but is -1.
          {"tokens": [1], "heads": [5]} | heads | heads[0] must be between 0 and 4, the last head of this model, but is 5.
          {"tokens": [1], "layers": [2, 2]} | layers | layers[1] repeats layer 2; remove the duplicate.
          {"tokens": [1], "ablate": []} | ablate | ablate must be "each" or an array of one or more heads such as {"layer": 0, "head": 1}, but is [].
          {"tokens": [1], "ablate": "all"} | ablate | ablate must be "each" or an array of one or more heads such as {"layer": 0, "head": 1}, but is "all".
          {"tokens": [1], "ablate": [{"layer": 0}]} | ablate | ablate[0] must be a head with two integers, such as {"layer": 0, "head": 1}, but is {"layer":0}.
          {"tokens": [1], "ablate": [{"layer": 0, "head": 1.5}]} | ablate | ablate[0] must be a head with two integers, such as {"layer": 0, "head": 1}, but is {"layer":0,"head":1.5}.
          {"tokens": [1], "ablate": [{"layer": 4, "head": 0}]} | ablate | ablate[0].layer must be between 0 and 3, the last layer of this model, but is 4.
          {"tokens": [1], "ablate": [{"layer": 0, "head": 5}]} | ablate | ablate[0].head must be between 0 and 4, the last head of this model, but is 5.
          {"tokens": [1], "ablate": [{"layer": 1, "head": 2}, {"layer": 1, "head": 2}]} | ablate | ablate[1] repeats head 1.2; remove the duplicate.
          {"tokens": [1], "targets": [true]} | targets | targets[0] must be the text or id of a token, but is true.
          {"tokens": [1], "targets": [null]} | targets | targets[0] must be the text or id of a token, but is null.
          {"tokens": [1], "targets": [""]} | targets | targets[0] must be the text or id of a token, but is "".
          {"tokens": [1], "targets": [5, 4096]} | targets | targets[1] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          {"tokens": [1], "targets": ["Mary"]} | targets | targets[0] must be one token, but "Mary" is 2 tokens: "M" (44), "ary" (977). With a leading space, " Mary", it is one.
          {"tokens": [1], "targets": ["Once upon a time upon"]} | targets | targets[0] must be one token, but "Once upon a time upon" is 5 tokens: "Once" (2771), " upon" (565), " a" (258), " time" (542), " upon" (565). Send one of them, by its text or id.
          {"tokens": [1], "targets": ["Once upon a time upon a"]} | targets | targets[0] must be one token, but "Once upon a time upon a" is 6 tokens: "Once" (2771), " upon" (565), " a" (258), " time" (542), " upon" (565), .... Send one of them, by its text or id.
          {"tokens": [1], "targets": ["Once upon"]} | targets | targets[0] must be one token, but "Once upon" is 2 tokens: "Once" (2771), " upon" (565). Send one of them, by its text or id.
          {"tokens": [4096]} | tokens | tokens[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          {"prompt": "a", "layers": [1, 1]} | layers | layers[1] repeats layer 1; remove the duplicate.
          {"prompt": "a", "heads": [2, 0, 2]} | heads | heads[2] repeats head 2; remove the duplicate.
          {"prompt": "a", "targets": " king"} | targets | targets must be an array, but is the string " king".
          {"prompt": "a", "targets": [1, null]} | targets | targets[1] must be the text or id of a token, but is null.
          {"prompt": "a", "targets": [1.5]} | targets | targets[0] must be the text or id of a token, but is 1.5.
          {"prompt": "a", "targets": [" king's"]} | targets | targets[0] must be one token, but " king's" is 2 tokens: " king" (553), "'s" (371). Send one of them, by its text or id.
          {"prompt": "a", "targets": [7, "Mary"]} | targets | targets[1] must be one token, but "Mary" is 2 tokens: "M" (44), "ary" (977). With a leading space, " Mary", it is one.
          {"prompt": "a", "ablate": [{"layer": 1}]} | ablate | ablate[0] must be a head with two integers, such as {"layer": 0, "head": 1}, but is {"layer":1}.
          {"prompt": "a", "ablate": [{"layer": 1, "head": "2"}]} | ablate | ablate[0] must be a head with two integers, such as {"layer": 0, "head": 1}, but is {"layer":1,"head":"2"}.
          {"prompt": "a", "ablate": [[1, 2]]} | ablate | ablate[0] must be a head with two integers, such as {"layer": 0, "head": 1}, but is [1,2].
          {"prompt": "a", "ablate": [{"layer": 9, "head": 2}]} | ablate | ablate[0].layer must be between 0 and 3, the last layer of this model, but is 9.
          """)
  void refusalsNameFieldValueAndRemedy(String body, String param, String message) {
    assertInvalid(() -> valid(body), param, message);
  }

  @Test
  void theTextMustFitTheContext() {
    String body = "{\"tokens\": [%s7]}";
    assertThat(valid(body.formatted("7,".repeat(511))).prompt().length()).isEqualTo(512);

    assertThat(refusal(() -> valid(body.formatted("7,".repeat(512)))).response().error().code())
        .isEqualTo("context_length_exceeded");
  }

  @Test
  void theResponseHasALimitedNumberOfValues() {
    // 7 × 7 weights in each of 5 heads and 4 layers, and four numbers for each of top_k tokens.
    String body = "{\"tokens\": [7, 7, 7, 7, 7, 7, 7], \"attention\": true, \"top_k\": %d}";
    assertThat(valid(body.formatted(4)).question().attention()).isTrue();

    String exact =
        "{\"tokens\": [7, 7, 7], \"attention\": true, \"layers\": [0, 1, 2], \"top_k\": 216}";
    assertThat(valid(exact).question().topK()).isEqualTo(216);

    assertInvalid(
        () -> valid(body.formatted(5)),
        "attention",
        "The response would contain 1001 numbers, 980 of them for attention, but the limit is 1000"
            + " (gpt2.max-inspect-values); select fewer layers or heads, or shorten the prompt.");
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> valid("{\"prompt\": \"a\", \"model\": \"gpt-4\"}"));
  }

  private static InspectSpec valid(String body) {
    return validator.validate(Refusals.request(InspectRequest.class, body));
  }
}
