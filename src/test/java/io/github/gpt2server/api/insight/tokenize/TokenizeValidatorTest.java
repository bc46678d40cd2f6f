package io.github.gpt2server.api.insight.tokenize;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static io.github.gpt2server.testing.Refusals.refusal;
import static io.github.gpt2server.testing.Refusals.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TokenizeValidatorTest {
  private static Gpt2Tokenizer tokenizer;
  private static TokenizeValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator = new TokenizeValidator(ServedModelFixture.of(tokenizer));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void specialTokensAreAddedByDefault() {
    assertThat(text("{\"text\": \"a b\"}")).isEqualTo(new TokenizeSpec("text", "a b", true));
    assertThat(text("{\"model\": \"tales\", \"text\": \"\", \"add_special_tokens\": false}"))
        .isEqualTo(new TokenizeSpec("text", "", false));
  }

  @Test
  void vllmsFormatHasAPrompt() {
    assertThat(prompt("{\"prompt\": \"a b\"}")).isEqualTo(new TokenizeSpec("prompt", "a b", true));
    assertThat(prompt("{\"prompt\": \"a\", \"add_special_tokens\": false}"))
        .isEqualTo(new TokenizeSpec("prompt", "a", false));
  }

  @Test
  void tokensAreOfTheVocabulary() {
    assertThat(tokens("{\"tokens\": [0, 4095]}").tokens()).containsExactly(0, 4095);
    assertThat(tokens("{\"tokens\": []}").tokens()).isEmpty();
    assertThat(refusal(() -> tokens("{\"tokens\": [7, 4096]}")).getMessage())
        .startsWith("tokens[1] is 4096, ")
        .contains("0 to 4095");
    assertThat(refusal(() -> tokens("{\"tokens\": [-1]}")).response().error().param())
        .isEqualTo("tokens");
  }

  @Test
  void whatIsMissingIsRefused() {
    assertInvalid(() -> text("{}"), "text", "text is missing; send the text to tokenize.");
    assertInvalid(() -> prompt("{}"), "prompt", "prompt is missing; send the text to tokenize.");
    assertInvalid(() -> tokens("{}"), "tokens", "tokens is missing; send an array of token ids.");
  }

  @Test
  void textsAreUnicode() {
    assertThat(refusal(() -> text("{\"text\": \"a\\ud83d\"}")).getMessage())
        .contains("surrogate pair");
    assertThat(refusal(() -> prompt("{\"prompt\": \"\\udc00\"}")).response().error().param())
        .isEqualTo("prompt");
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> text("{\"text\": \"a\", \"model\": \"gpt-4\"}"));
    assertModelNotFound(() -> prompt("{\"prompt\": \"a\", \"model\": \"gpt-4\"}"));
    assertModelNotFound(() -> tokens("{\"tokens\": [1], \"model\": \"gpt-4\"}"));
  }

  private static TokenizeSpec text(String body) {
    return validator.validate(request(TokenizeRequest.class, body));
  }

  private static TokenizeSpec prompt(String body) {
    return validator.validate(request(VllmTokenizeRequest.class, body));
  }

  private static DetokenizeSpec tokens(String body) {
    return validator.validate(request(DetokenizeRequest.class, body));
  }
}
