package io.github.gpt2server.api.openai.embedding;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static io.github.gpt2server.testing.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddingValidatorTest {
  private static Gpt2Tokenizer tokenizer;
  private static EmbeddingValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator = new EmbeddingValidator(ServedModelFixture.of(tokenizer));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aTextAloneHasOpenAisDefaults() {
    EmbeddingSpec spec = valid("{\"input\": \"Once upon a time\"}");

    assertThat(spec.inputs()).containsExactly(new int[] {2771, 565, 258, 542});
    assertThat(spec.base64()).isFalse();
    assertThat(spec.everyToken()).isFalse();
    assertThat(spec.vectors().blocks()).isEqualTo(4);
    assertThat(spec.vectors().finalNorm()).isTrue();
    assertThat(spec.vectors().pooling()).isEqualTo("mean");
    assertThat(spec.vectors().normalize()).isTrue();
    assertThat(spec.tokens()).isEqualTo(4);
    assertThat(spec.count()).isEqualTo(1);
  }

  @Test
  void everyFieldArrives() {
    EmbeddingSpec spec =
        valid(
            """
            {"model": "tales", "input": [[1, 2], [3]], "encoding_format": "base64",
             "dimensions": 320, "user": "me", "pooling": "none", "layer": 2, "normalize": false}
            """);

    assertThat(spec.inputs()).containsExactly(new int[] {1, 2}, new int[] {3});
    assertThat(spec.base64()).isTrue();
    assertThat(spec.everyToken()).isTrue();
    assertThat(spec.vectors().blocks()).isEqualTo(2);
    assertThat(spec.vectors().finalNorm()).isFalse();
    assertThat(spec.vectors().pooling()).isEqualTo("none");
    assertThat(spec.vectors().normalize()).isFalse();
    assertThat(spec.count()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "4, 4"})
  void theFirstAndTheLastLayerCanBeChosen(int layer, int blocks) {
    EmbeddingSpec spec = valid("{\"input\": \"a\", \"layer\": " + layer + "}");

    assertThat(spec.vectors().blocks()).isEqualTo(blocks);
    assertThat(spec.vectors().finalNorm()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | input | input is missing; send a text, or an array of texts or token ids.
          {"input": []} | input | input is empty; send at least one text.
          {"input": "a", "encoding_format": "int8"} | encoding_format | encoding_format must be float or base64, but is "int8".
          {"input": "a", "pooling": "max"} | pooling | pooling must be one of mean, last, none, but is "max".
          {"input": "a", "dimensions": 256} | dimensions | dimensions is 256, but this model's vectors have 320 dimensions and cannot be shortened; remove dimensions.
          {"input": "a", "layer": -1} | layer | layer must be between 0 and 4, but is -1.
          {"input": "a", "layer": 5} | layer | layer must be between 0 and 4, but is 5.
          {"input":["a",5]} | input | input[1] is 5; every item must be a string like the first.
          """)
  void refusalsNameFieldValueAndRemedy(String body, String param, String message) {
    assertInvalid(() -> valid(body), param, message);
  }

  @Test
  void anInputMustFitTheContext() {
    assertThat(valid("{\"input\": [" + "7,".repeat(511) + "7]}").tokens()).isEqualTo(512);
    ApiException one = refusal(() -> valid("{\"input\": [" + "7,".repeat(512) + "7]}"));
    ApiException second = refusal(() -> valid("{\"input\": [[1], [" + "7,".repeat(512) + "7]]}"));

    assertThat(one)
        .hasMessage(
            "This model's context holds 512 tokens, but input has 513; shorten or split it.");
    assertThat(one.response().error().code()).isEqualTo("context_length_exceeded");
    assertThat(second)
        .hasMessage(
            "This model's context holds 512 tokens, but input[1] has 513; shorten or split it.");
  }

  @Test
  void theResponseMayHaveFiveMillionNumbers() {
    // 15,625 vectors of 320 numbers are 5,000,000.
    String inputs = "[" + "7,".repeat(499) + "7],";
    String most = "{\"pooling\": \"none\", \"input\": [" + inputs.repeat(31) + "[";
    assertThat(valid(most + "7,".repeat(124) + "7]]}").count()).isEqualTo(15_625);

    assertInvalid(
        () -> valid(most + "7,".repeat(125) + "7]]}"),
        "input",
        "The response would contain 15626 vectors of 320 numbers, 5000320 in total, but the limit is"
            + " 5000000; send fewer inputs per request, or set pooling to mean or last.");
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> valid("{\"input\": \"a\", \"model\": \"gpt-4\"}"));
  }

  private static EmbeddingSpec valid(String body) {
    return validator.validate(Refusals.request(EmbeddingRequest.class, body));
  }
}
