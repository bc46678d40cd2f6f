package io.github.gpt2server.api.insight.similar;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.analysis.NearestTokens;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MostSimilarValidatorTest {
  private static Gpt2Tokenizer tokenizer;
  private static MostSimilarValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator = new MostSimilarValidator(ServedModelFixture.of(tokenizer));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aTermAloneHasDefaults() {
    NearestTokens search = valid("{\"positive\": [\" upon\"]}");

    assertThat(search.positive()).containsExactly(565);
    assertThat(search.negative()).isEmpty();
    assertThat(search.count()).isEqualTo(10);
  }

  @Test
  void everyFieldArrives() {
    NearestTokens search =
        valid(
            """
            {"model": "tales", "positive": [" upon", " a"], "negative": [" time"], "top_k": 3}
            """);

    assertThat(search.positive()).containsExactly(565, 258);
    assertThat(search.negative()).containsExactly(542);
    assertThat(search.count()).isEqualTo(3);
  }

  @Test
  void termsAreExcludedFromTheCount() {
    assertThat(valid("{\"positive\": [\" upon\"], \"top_k\": 1}").count()).isEqualTo(1);
    assertThat(valid("{\"positive\": [\" upon\", \" upon\"], \"top_k\": 4096}").count())
        .isEqualTo(4095);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | positive | positive and negative are empty; send at least one term, such as " king".
          {"positive": [], "negative": []} | positive | positive and negative are empty; send at least one term, such as " king".
          {"positive": [" a", " time"], "negative": [" time", " a"]} | negative | negative contains the same terms as positive, so they cancel out; change one of them.
          {"positive": [""]} | positive | positive[0] is empty; a term is the text of one token, such as " king".
          {"positive": [" a"], "negative": [null]} | negative[0] | negative[0] must be a string, but is null.
          {"positive": ["queen"]} | positive | positive[0] must be one token, but "queen" is 2 tokens: "qu", "een"; with a leading space, " queen", it is one.
          {"positive": ["Once upon"]} | positive | positive[0] must be one token, but "Once upon" is 2 tokens: "Once", " upon"; use another word; POST /v1/tokenize shows a word's tokens.
          {"positive": ["Once upon a time upon a time upon"]} | positive | positive[0] must be one token, but "Once upon a time upon a time upon" is 8 tokens: "Once", " upon", " a", " time", " upon", " a", " time", " upon"; use another word; POST /v1/tokenize shows a word's tokens.
          {"positive": ["Once upon a time upon a time upon a"]} | positive | positive[0] must be one token, but "Once upon a time upon a time upon a" is 9 tokens: "Once", " upon", " a", " time", " upon", " a", " time", " upon", …; use another word; POST /v1/tokenize shows a word's tokens.
          {"positive": [" a"], "top_k": 0} | top_k | top_k must be between 1 and 4096, but is 0.
          {"positive": [" a"], "top_k": 4097} | top_k | top_k must be between 1 and 4096, but is 4097.
          {"positive":[" grandmotherly"]} | positive | positive[0] must be one token, but " grandmotherly" is 2 tokens: " grandmother", "ly"; use another word; POST /v1/tokenize shows a word's tokens.
          """)
  void refusalsNameFieldValueAndRemedy(String body, String param, String message) {
    assertInvalid(() -> valid(body), param, message);
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> valid("{\"positive\": [\" a\"], \"model\": \"gpt-4\"}"));
  }

  private static NearestTokens valid(String body) {
    return validator.validate(Refusals.request(MostSimilarRequest.class, body)).search();
  }
}
