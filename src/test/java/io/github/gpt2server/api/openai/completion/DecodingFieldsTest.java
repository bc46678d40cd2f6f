package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.Mirostat;
import io.github.gpt2server.sampling.Xtc;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The further fields of decoding, from the request to the rules of its sequences. */
class DecodingFieldsTest {
  private static Gpt2Tokenizer tokenizer;
  private static CompletionValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator =
        new CompletionValidator(
            ServedModelFixture.of(tokenizer), ApiLimitsFixture.LIMITS, new ModelConstraints());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"bad_words\": [], \"no_repeat_ngram_size\": 0, \"dry_multiplier\": 0}",
        "{\"dry_base\": 2, \"dry_allowed_length\": 0, \"dry_penalty_last_n\": 64}",
        "{\"dry_multiplier\": 1, \"dry_penalty_last_n\": 0}",
        "{\"dry_sequence_breakers\": \"[\\\"\\\\n\\\"]\", \"xtc_threshold\": 0.7}",
        "{\"xtc_probability\": 0, \"mirostat\": 0, \"mirostat_tau\": 3, \"top_k\": 5}",
        "{\"temperature\": 0, \"mirostat_eta\": 1}"
      })
  void whatAsksForNothingLeavesNoRule(String body) {
    assertThat(rules(body)).isEqualTo(DecodingRules.NONE);
  }

  @Test
  void everyRuleComesFromItsFields() {
    DecodingRules rules =
        rules(
            """
            {"allowed_token_ids": [7, 3, 7], "bad_words": ["king", "  Once upon"], "n": 3,
             "no_repeat_ngram_size": 4, "dry_multiplier": 0.8, "xtc_probability": 0.25}
            """);

    assertThat(rules.allowedTokens()).containsExactly(3, 7);
    assertThat(rules.badWords())
        .containsExactly(
            tokenizer.encode("king"),
            tokenizer.encode(" king"),
            tokenizer.encode("Once upon"),
            tokenizer.encode(" Once upon"));
    assertThat(rules.noRepeatNgramSize()).isEqualTo(4);
    assertThat(rules.dry().multiplier()).isEqualTo(0.8);
    assertThat(rules.dry().base()).isEqualTo(1.75);
    assertThat(rules.dry().allowedLength()).isEqualTo(2);
    assertThat(rules.dry().range()).isEqualTo(Integer.MAX_VALUE);
    assertThat(rules.xtc()).isEqualTo(new Xtc(0.25, 0.1));
    assertThat(rules.mirostat()).isNull();
    assertThat(rules("{\"mirostat\": 2}").mirostat()).isEqualTo(new Mirostat(2, 5, 0.1));
    assertThat(rules("{\"mirostat\": 1, \"mirostat_tau\": 3, \"mirostat_eta\": 0.5}").mirostat())
        .isEqualTo(new Mirostat(1, 3, 0.5));
    assertThat(
            rules(
                    "{\"dry_multiplier\": 1, \"dry_base\": 2, \"dry_allowed_length\": 5,"
                        + " \"dry_penalty_last_n\": 100}")
                .dry())
        .satisfies(dry -> assertThat(dry.base()).isEqualTo(2))
        .satisfies(dry -> assertThat(dry.allowedLength()).isEqualTo(5))
        .satisfies(dry -> assertThat(dry.range()).isEqualTo(100));
  }

  @Test
  void everyChoiceHasTheRules() {
    List<DecodingRules> rules =
        all("{\"prompt\": [[1], [2]], \"n\": 2, \"seed\": 3, \"no_repeat_ngram_size\": 4}").stream()
            .map(sequence -> sequence.sampling().decoding())
            .toList();
    assertThat(rules).hasSize(4);
    assertThat(rules).allSatisfy(each -> assertThat(each.noRepeatNgramSize()).isEqualTo(4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "allowed_token_ids": [] | allowed_token_ids | allowed_token_ids is empty, so that no token could be generated; send at least one token id, or remove it.
          "allowed_token_ids": [4096] | allowed_token_ids | allowed_token_ids[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          "allowed_token_ids": [4095], "min_tokens": 2 | allowed_token_ids | allowed_token_ids allows nothing but tokens that end the text, which min_tokens = 2 excludes; allow more tokens, or remove min_tokens.
          "allowed_token_ids": [198, 64], "bad_words": ["a"], "stop_token_ids": [198], "min_tokens": 1 | allowed_token_ids | allowed_token_ids allows nothing but tokens that end the text, which min_tokens = 1 excludes; allow more tokens, or remove min_tokens.
          "allowed_token_ids": [64], "bad_words": ["a"] | bad_words | bad_words excludes every token of allowed_token_ids; remove one of the words, or allow more tokens.
          "bad_words": [""] | bad_words[0] | bad_words[0] is empty; send a word, or use logit_bias with -100 for a token.
          "bad_words": ["a", " \\n"] | bad_words[1] | bad_words[1] has nothing but white space; send a word, or use logit_bias with -100 for a token.
          "bad_words": ["a", null] | bad_words[1] | bad_words[1] must be a string, but is null.
          "bad_words": "a" | bad_words | bad_words must be an array, but is the string "a".
          "bad_words": ["\\ud800"] | bad_words[0] | bad_words[0] holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          "no_repeat_ngram_size": -1 | no_repeat_ngram_size | no_repeat_ngram_size must be between 0 and 2147483647, but is -1.
          "dry_multiplier": -0.1 | dry_multiplier | dry_multiplier must be between 0 and 100, but is -0.1.
          "dry_base": 0.9 | dry_base | dry_base must be between 1 and 100, but is 0.9.
          "dry_allowed_length": -1 | dry_allowed_length | dry_allowed_length must be between 0 and 2147483647, but is -1.
          "dry_penalty_last_n": -2 | dry_penalty_last_n | dry_penalty_last_n must be between -1 and 2147483647, but is -2.
          "dry_sequence_breakers": ["a", 5] | dry_sequence_breakers | dry_sequence_breakers must be an array of strings, but contains 5; send one, such as ["\\n", ":"].
          "dry_sequence_breakers": "\\n" | dry_sequence_breakers | dry_sequence_breakers must be an array of strings, but contains "\\n"; send one, such as ["\\n", ":"].
          "dry_sequence_breakers": "[1" | dry_sequence_breakers | dry_sequence_breakers must be an array of strings, but contains "[1"; send one, such as ["\\n", ":"].
          "dry_sequence_breakers": [""] | dry_sequence_breakers | dry_sequence_breakers contains a string of 0 characters, but each may have 1 to 40; send others.
          "dry_sequence_breakers": ["12345678901234567890123456789012345678901"] | dry_sequence_breakers | dry_sequence_breakers contains a string of 41 characters, but each may have 1 to 40; send others.
          "xtc_probability": 1.1 | xtc_probability | xtc_probability must be between 0 and 1, but is 1.1.
          "xtc_threshold": -1 | xtc_threshold | xtc_threshold must be between 0 and 1, but is -1.
          "xtc_probability": 0.5, "temperature": 0 | xtc_probability | xtc_probability changes how tokens are drawn, but temperature is 0, which draws none; set temperature, or remove xtc_probability.
          "mirostat": 3 | mirostat | mirostat must be between 0 and 2, but is 3.
          "mirostat_tau": 101 | mirostat_tau | mirostat_tau must be between 0 and 100, but is 101.
          "mirostat_eta": 2 | mirostat_eta | mirostat_eta must be between 0 and 1, but is 2.
          "mirostat": 2, "temperature": 0 | mirostat | mirostat changes how tokens are drawn, but temperature is 0, which draws none; set temperature, or remove mirostat.
          "mirostat": 1, "top_k": 40 | top_k | top_k cannot be combined with mirostat, which takes its place; remove one.
          "mirostat": 1, "top_p": 0.9 | top_p | top_p cannot be combined with mirostat, which takes its place; remove one.
          "mirostat": 1, "min_p": 0.1 | min_p | min_p cannot be combined with mirostat, which takes its place; remove one.
          "mirostat": 1, "typical_p": 0.9 | typical_p | typical_p cannot be combined with mirostat, which takes its place; remove one.
          "mirostat": 1, "xtc_probability": 0.9 | xtc_probability | xtc_probability cannot be combined with mirostat, which takes its place; remove one.
          "use_beam_search": true, "n": 2, "xtc_probability": 0.5 | xtc_probability | xtc_probability cannot be combined with use_beam_search, which draws nothing; remove one of them.
          "use_beam_search": true, "n": 2, "mirostat": 2 | mirostat | mirostat cannot be combined with use_beam_search, which draws nothing; remove one of them.
          "structured_outputs": {"choice": ["a", "b"]}, "allowed_token_ids": [5] | allowed_token_ids | allowed_token_ids cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          "structured_outputs": {"choice": ["a", "b"]}, "bad_words": ["c"] | bad_words | bad_words cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          "structured_outputs": {"choice": ["a", "b"]}, "no_repeat_ngram_size": 2 | no_repeat_ngram_size | no_repeat_ngram_size cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          "structured_outputs": {"choice": ["a", "b"]}, "dry_multiplier": 1 | dry_multiplier | dry_multiplier cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          "structured_outputs": {"choice": ["a", "b"]}, "xtc_probability": 0.1 | xtc_probability | xtc_probability cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          "structured_outputs": {"choice": ["a", "b"]}, "mirostat": 2 | mirostat | mirostat cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.
          """)
  void whatMakesNoSenseIsRefusedByName(String fields, String param, String message) {
    ApiException e = catchThrowableOfType(ApiException.class, () -> all("{" + fields + "}"));

    assertThat(e).hasMessage(message);
    assertThat(e.status().value()).isEqualTo(400);
    assertThat(e.response().error().param()).isEqualTo(param);
  }

  private static DecodingRules rules(String body) {
    return all(body).get(0).sampling().decoding();
  }

  private static List<SequenceRequest> all(String body) {
    return validator
        .validate(Refusals.request(CompletionRequest.class, body))
        .generation()
        .sequences();
  }
}
