package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.sampling.RepetitionPenalty;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionValidatorTest {
  private static final int END_OF_TEXT = 4095;
  private static final int LINE_BREAK = 198;
  private static final int[] ONCE = {2771, 565, 258, 542};

  private static Gpt2Tokenizer tokenizer;
  private static CompletionValidator validator;
  private static CompletionValidator clamping;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    ServedModel model = ServedModelFixture.of(tokenizer);
    validator = new CompletionValidator(model, ApiLimitsFixture.LIMITS, new ModelConstraints());
    clamping =
        new CompletionValidator(
            model, ApiLimitsFixture.with(new MaxTokens(100, true)), new ModelConstraints());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void anEmptyRequestHasOpenAisDefaults() {
    GenerationSpec completion = valid("{}");

    assertThat(completion.id()).matches("cmpl-[0-9a-f]{32}");
    assertThat(completion.model()).isEqualTo("someone/gpt2-fairytales");
    assertThat(completion.stream()).isFalse();
    assertThat(completion.generation().timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(completion.generation().streaming()).isFalse();
    assertThat(completion.generation().sequences()).hasSize(1);
    SequenceRequest sequence = completion.generation().sequences().get(0);
    assertThat(sequence.prompt()).containsExactly(END_OF_TEXT);
    assertThat(sequence.maxTokens()).isEqualTo(16);
    assertThat(sequence.stopTokenIds()).containsExactly(END_OF_TEXT);
    assertThat(sequence.stopStrings()).isEmpty();
    assertThat(sequence.includeStopString()).isFalse();
    SamplingParameters sampling = sequence.sampling();
    assertThat(sampling)
        .isEqualTo(new SamplingParameters(1, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, sampling.seed()));
  }

  @Test
  void everyFieldArrives() {
    GenerationSpec completion =
        valid(
            """
            {"model": "tales", "prompt": "Once upon a time", "max_tokens": 7, "temperature": 0.5,
             "top_p": 0.9, "n": 1, "best_of": 1, "stream": true, "echo": false, "suffix": "",
             "stream_options": {"include_usage": true}, "stop": ["a", "b"], "seed": 42,
             "presence_penalty": 0.25, "frequency_penalty": -0.5, "logit_bias": {"7": -100},
             "user": "me", "top_k": 40, "min_p": 0.05, "typical_p": 0.95,
             "repetition_penalty": 1.2, "repetition_penalty_range": 9, "penalize_nl": false,
             "min_tokens": 3, "ignore_eos": true,
             "stop_token_ids": [13], "include_stop_str_in_output": true,
             "return_token_ids": true, "add_special_tokens": true, "cache_salt": "s",
             "logprob_token_ids": []}
            """);

    assertThat(completion.stream()).isTrue();
    assertThat(completion.generation().streaming()).isTrue();
    assertThat(completion.includeUsage()).isTrue();
    assertThat(completion.returnTokenIds()).isTrue();
    SequenceRequest sequence = completion.generation().sequences().get(0);
    assertThat(sequence.prompt()).containsExactly(ONCE);
    assertThat(sequence.maxTokens()).isEqualTo(7);
    assertThat(sequence.stopTokenIds()).isEqualTo(Set.of(13));
    assertThat(sequence.stopStrings()).containsExactly("a", "b");
    assertThat(sequence.includeStopString()).isTrue();
    assertThat(sequence.sampling())
        .isEqualTo(
            new SamplingParameters(
                0.5,
                40,
                0.9,
                0.05,
                0.95,
                new RepetitionPenalty(1.2, 9, LINE_BREAK),
                0.25,
                -0.5,
                Map.of(7, -100f),
                3,
                42));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "Once upon a time" | 2771 565 258 542
          ["Once upon a time"] | 2771 565 258 542
          [2771, 565] | 2771 565
          [2771.0] | 2771
          [[2771, 565], [258]] | 2771 565, 258
          ["Once upon a time", ""] | 2771 565 258 542, 4095
          "" | 4095
          [] | 4095
          [[]] | 4095
          [[], [7]] | 4095, 7
          null | 4095
          "<\\u007cendoftext\\u007c>" | 4095
          """)
  void promptsComeInEveryForm(String json, String tokens) {
    List<String> prompts =
        valid("{\"prompt\": " + json + "}").promptIds().stream()
            .map(
                prompt -> String.join(" ", IntStream.of(prompt).mapToObj(String::valueOf).toList()))
            .toList();

    assertThat(String.join(", ", prompts)).isEqualTo(tokens);
  }

  @Test
  void choicesStandInOpenAisOrderWithSeedsOfTheirOwn() {
    GenerationSpec completion = valid("{\"prompt\": [[1], [2]], \"n\": 3, \"seed\": 5}");

    List<SequenceRequest> sequences = completion.generation().sequences();
    assertThat(sequences.stream().map(sequence -> sequence.prompt()[0]))
        .containsExactly(1, 1, 1, 2, 2, 2);
    List<Long> seeds = sequences.stream().map(sequence -> sequence.sampling().seed()).toList();
    SplittableRandom further = new SplittableRandom(5);
    assertThat(seeds.subList(0, 3)).containsExactly(5L, further.nextLong(), further.nextLong());
    assertThat(seeds.subList(0, 3)).doesNotHaveDuplicates();
    assertThat(seeds.subList(3, 6)).isEqualTo(seeds.subList(0, 3));
    assertThat(valid("{\"n\": 3, \"seed\": 5}").generation().sequences().get(2).sampling().seed())
        .isEqualTo(seeds.get(2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"n\": 4",
        "\"n\": 4, \"seed\": null",
        "\"n\": 4, \"seed\": -1",
        "\"n\": 2, \"best_of\": 4"
      })
  void withoutASeedEveryChoiceOfEveryPromptIsDrawnByItself(String fields) {
    String body = "{\"prompt\": [" + "[7],".repeat(7) + "[8]], " + fields + "}";

    List<Long> seeds = new ArrayList<>(seeds(body));
    seeds.addAll(seeds(body));

    assertThat(seeds).hasSize(2 * 32).doesNotHaveDuplicates();
  }

  private static List<Long> seeds(String body) {
    return valid(body).generation().sequences().stream()
        .map(sequence -> sequence.sampling().seed())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1e-320, 0", "1e-38, 0", "9.99e-10, 0", "1e-9, 1e-9", "0.3, 0.3", "2, 2"})
  void aTemperatureBelowTheLeastIsGreedy(double sent, double used) {
    double temperature =
        valid("{\"temperature\": " + sent + "}")
            .generation()
            .sequences()
            .get(0)
            .sampling()
            .temperature();

    assertThat(temperature).isEqualTo(used);
  }

  @Test
  void aTokenMustBeLeftToGenerate() {
    String all =
        IntStream.range(0, 4095).mapToObj(String::valueOf).collect(Collectors.joining(","));
    String fields = "{\"max_tokens\": 3, \"stop_token_ids\": [" + all + "], \"min_tokens\": ";

    ApiException e = refused(fields + "2}");

    assertThat(e)
        .hasMessage(
            "stop_token_ids and the model's own end tokens cover all 4096 tokens, so with min_tokens ="
                + " 2 no token can be generated; remove some of stop_token_ids, or min_tokens.");
    assertThat(e.response().error().param()).isEqualTo("stop_token_ids");
    assertThat(valid(fields + "0}").generation().sequences().get(0).stopTokenIds()).hasSize(4096);
    assertThat(valid(fields + "2, \"ignore_eos\": true}").generation().sequences()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"someone/gpt2-fairytales", "gpt2-fairytales", "tales"})
  void theModelHasSeveralNames(String name) {
    assertThat(valid("{\"model\": \"" + name + "\"}").model()).isEqualTo("someone/gpt2-fairytales");
  }

  @Test
  void anotherModelIsNotFound() {
    ApiException e = refused("{\"model\": \"gpt-4\"}");

    assertThat(e.status().value()).isEqualTo(404);
    assertThat(e.response().error().code()).isEqualTo("model_not_found");
    assertThat(e.response().error().param()).isEqualTo("model");
    assertThat(e)
        .hasMessage(
            "The model 'gpt-4' does not exist here; ask for 'someone/gpt2-fairytales' or leave the"
                + " field out.");
  }

  @Test
  void beamSearchHasFewStopTokens() {
    String stops =
        IntStream.range(0, 100).mapToObj(String::valueOf).collect(Collectors.joining(","));
    assertThat(
            refused("{\"use_beam_search\": true, \"n\": 2, \"stop_token_ids\": [" + stops + "]}"))
        .hasMessage(
            "use_beam_search ranks continuations for each of the 101 tokens that end a text, but the"
                + " limit is 100; send fewer stop_token_ids.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "max_tokens": 0 | max_tokens | max_tokens must be at least 1, but is 0. To score the prompt alone, set echo: true.
          "max_tokens": -2 | max_tokens | max_tokens must be between 0 and 2147483647, but is -2.
          "temperature": -0.1 | temperature | temperature must be between 0 and 2, but is -0.1.
          "temperature": 2.5 | temperature | temperature must be between 0 and 2, but is 2.5.
          "top_p": 1.01 | top_p | top_p must be between 0 and 1, but is 1.01.
          "top_p": -1 | top_p | top_p must be between 0 and 1, but is -1.
          "min_p": 2 | min_p | min_p must be between 0 and 1, but is 2.
          "typical_p": -1 | typical_p | typical_p must be between 0 and 1, but is -1.
          "top_k": -2 | top_k | top_k must be between -1 and 2147483647, but is -2.
          "repetition_penalty": 0 | repetition_penalty | repetition_penalty must be between 0.01 and 100, but is 0.
          "repetition_penalty_range": -2 | repetition_penalty_range | repetition_penalty_range must be between -1 and 2147483647, but is -2.
          "presence_penalty": 2.1 | presence_penalty | presence_penalty must be between -2 and 2, but is 2.1.
          "frequency_penalty": -3 | frequency_penalty | frequency_penalty must be between -2 and 2, but is -3.
          "n": 0 | n | n must be between 1 and 128, but is 0.
          "n": 129 | n | n must be between 1 and 128, but is 129.
          "n": 65, "prompt": [[1],[2]] | n | 2 prompts with n = 65 request 130 choices, but the limit is 128 per request; send several requests.
          "min_tokens": -1 | min_tokens | min_tokens must be between 0 and 2147483647, but is -1.
          "min_tokens": 17 | min_tokens | min_tokens must be at most max_tokens, which is 16, but is 17.
          "best_of": 1, "n": 2 | best_of | best_of must be at least n, which is 2, but is 1.
          "best_of": 2, "stream": true | best_of | best_of = 2 cannot be streamed with n = 1: the best choices are known only at the end. Remove best_of or stream.
          "best_of": 129 | best_of | best_of must be between 1 and 128, but is 129.
          "best_of": 65, "prompt": [[1],[2]] | best_of | 2 prompts with best_of = 65 request 130 choices, but the limit is 128 per request; send several requests.
          "logprobs": -1 | logprobs | logprobs must be between 0 and 4096, but is -1.
          "logprob_token_ids": [4096] | logprob_token_ids | logprob_token_ids[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          "suffix": "end" | suffix | suffix is not supported: GPT-2 cannot insert text before a suffix. Remove suffix.
          "stream": true, "stream_options": {"continuous_usage_stats": true} | stream_options | stream_options.continuous_usage_stats requires include_usage: true; set include_usage, or remove continuous_usage_stats.
          "stream_options": {"continuous_usage_stats": true} | stream_options | stream_options requires stream: true; set stream, or remove stream_options.
          "stream_options": {"include_usage": true} | stream_options | stream_options requires stream: true; set stream, or remove stream_options.
          "stop": "" | stop | stop contains an empty string, which would match every text; remove it.
          "stop": ["a", ""] | stop | stop contains an empty string, which would match every text; remove it.
          "stop": 5 | stop | stop must be a string or an array of strings, but contains 5.
          "stop": [null] | stop | stop must be a string or an array of strings, but contains null.
          "stop": ["\\udc00"] | stop | stop holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          "stop_token_ids": [4096] | stop_token_ids | stop_token_ids[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          "stop_token_ids": [1, null] | stop_token_ids[1] | stop_token_ids[1] must be an integer, but is null.
          "logit_bias": {"x": 1} | logit_bias | logit_bias has the key "x", which is not a token id; the vocabulary has ids from 0 to 4095.
          "logit_bias": {"05": 1} | logit_bias | logit_bias has the key "05", which is not a token id; the vocabulary has ids from 0 to 4095.
          "logit_bias": {"+5": 1} | logit_bias | logit_bias has the key "+5", which is not a token id; the vocabulary has ids from 0 to 4095.
          "logit_bias": {"4096": 1} | logit_bias | logit_bias has the key "4096", which is not a token id; the vocabulary has ids from 0 to 4095.
          "logit_bias": {"1": 101} | logit_bias.1 | logit_bias.1 must be between -100 and 100, but is 101.
          "truncate_prompt_tokens": 0 | truncate_prompt_tokens | truncate_prompt_tokens must be at least 1, or -1 to keep as many tokens as fit, but is 0.
          "truncate_prompt_tokens": -2 | truncate_prompt_tokens | truncate_prompt_tokens must be at least 1, or -1 to keep as many tokens as fit, but is -2.
          "prompt": 5 | prompt | prompt must be a string, an array of strings, an array of token ids or an array of such arrays, but is 5.
          "prompt": {"a": 1} | prompt | prompt must be a string, an array of strings, an array of token ids or an array of such arrays, but is an object.
          "prompt": [1, "a"] | prompt | prompt[1] is the string "a"; an array of token ids holds only integers.
          "prompt": [1.5] | prompt | prompt[0] is 1.5; an array of token ids holds only integers.
          "prompt": [-1] | prompt | prompt[0] is -1, which is not a token id; the vocabulary has ids from 0 to 4095.
          "prompt": [99999999999] | prompt | prompt[0] is 99999999999, which is outside the range of token ids.
          "prompt": ["a", [1]] | prompt | prompt[1] is an array; every item must be a string like the first.
          "prompt": [[1], "a"] | prompt | prompt[1] is the string "a"; every item must be an array of token ids like the first.
          "prompt": [true] | prompt | prompt[0] is true; every item must be a string, a token id or an array of token ids.
          "prompt": [[4096]] | prompt[0] | prompt[0][0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          "prompt": "a\\ud83d" | prompt | prompt holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          "logprobs": 4096, "max_tokens": 500, "n": 5 | logprobs | logprobs = 4096 at up to 2500 positions makes 10240000 log-probabilities, but an answer may have at most 10000000; lower logprobs or max_tokens, n or the prompts, or stream.
          "logprobs": 257, "max_tokens": 500, "n": 5 | logprobs | logprobs = 257 at up to 2500 positions makes 10240000 log-probabilities (above 256, the whole vocabulary's count), but an answer may have at most 10000000; lower logprobs or max_tokens, n or the prompts, or stream.
          "best_of": 2, "n": 3 | best_of | best_of must be at least n, which is 3, but is 2.
          "use_beam_search": true | use_beam_search | use_beam_search needs at least 2 beams, but n is 1; set n to 2 or more, or remove use_beam_search.
          "use_beam_search": true, "n": 2, "stream": true | use_beam_search | use_beam_search cannot be streamed: the best texts are known only at the end. Remove stream.
          "use_beam_search": true, "n": 2, "echo": true, "max_tokens": 0 | use_beam_search | use_beam_search generates text, but max_tokens is 0; remove one of them.
          "use_beam_search": true, "n": 2, "temperature": 0.5 | temperature | temperature is 0.5, but use_beam_search draws nothing; remove temperature.
          "use_beam_search": true, "n": 2, "top_k": 5 | top_k | top_k cannot be combined with use_beam_search, which draws nothing; remove one of them.
          "use_beam_search": true, "n": 2, "token_healing": true | token_healing | token_healing cannot be combined with use_beam_search; remove one of them.
          "use_beam_search": true, "n": 2, "guided_choice": ["a"] | use_beam_search | use_beam_search cannot be combined with a form of the text; remove use_beam_search.
          "length_penalty": 11 | length_penalty | length_penalty must be between -10 and 10, but is 11.
          "early_stopping": 3 | early_stopping | early_stopping must be true, false or "never", but is 3.
          "use_beam_search": true, "n": 2, "length_penalty": 11 | length_penalty | length_penalty must be between -10 and 10, but is 11.
          "use_beam_search": true, "n": 2, "early_stopping": "always" | early_stopping | early_stopping must be true, false or "never", but is "always".
          "use_beam_search": true, "best_of": 129 | best_of | best_of must be between 1 and 128, but is 129.
          "use_beam_search": true, "best_of": 65, "prompt": [[1],[2]] | best_of | 2 prompts with best_of = 65 request 130 choices, but the limit is 128 per request; send several requests.
          "penalty_alpha": 1.5 | penalty_alpha | penalty_alpha must be between 0 and 1, but is 1.5.
          "penalty_alpha": 0.6 | top_k | penalty_alpha needs top_k of at least 2, the number of candidates; set it, such as to 4.
          "penalty_alpha": 0.6, "top_k": 4, "n": 2 | n | penalty_alpha gives one text for each prompt, but 2 are requested; remove n and best_of.
          "penalty_alpha": 0.6, "top_k": 4, "top_p": 0.5 | top_p | top_p cannot be combined with penalty_alpha, which draws nothing; remove one of them.
          "penalty_alpha": 0.6, "top_k": 4, "use_beam_search": true | penalty_alpha | penalty_alpha asks for contrastive search, and use_beam_search for beam search; remove one of them.
          "penalty_alpha": 0.6, "top_k": 4, "guided_choice": ["a"] | penalty_alpha | penalty_alpha cannot be combined with a form of the text; remove penalty_alpha.
          "token_healing": true, "guided_choice": ["a"] | token_healing | token_healing cannot be combined with a form of the text, which begins after the prompt; remove token_healing.
          """)
  void whatIsWrongIsSaid(String fields, String param, String message) {
    ApiException e = refused("{" + fields + "}");

    assertThat(e).hasMessage(message);
    assertThat(e.status().value()).isEqualTo(400);
    assertThat(e.response().error().param()).isEqualTo(param);
    assertThat(e.response().error().type()).isEqualTo("invalid_request_error");
  }

  @Test
  void promptAndOutputMustFitTheContext() {
    String prompt = "[" + "7,".repeat(499) + "7]";
    assertThat(valid("{\"max_tokens\": 12, \"prompt\": " + prompt + "}").promptIds().get(0))
        .hasSize(500);

    ApiException e = refused("{\"max_tokens\": 13, \"prompt\": " + prompt + "}");

    assertThat(e.response().error().code()).isEqualTo("context_length_exceeded");
    assertThat(e.response().error().param()).isEqualTo("max_tokens");
    assertThat(e)
        .hasMessage(
            "This model's context holds 512 tokens, but the request needs 513 (500 in the prompt"
                + " and 13 to generate); shorten the prompt, lower max_tokens or keep the prompt's"
                + " end with truncate_prompt_tokens.");
    assertThat(refused("{\"max_tokens\": 2147483647}").response().error().code())
        .isEqualTo("context_length_exceeded");
    assertThat(refused("{\"prompt\": [" + "7,".repeat(600) + "7]}").response().error().param())
        .isEqualTo("prompt");
  }

  @Test
  void whatDoesNotFitIsClampedIfTheServerSaysSo() {
    String prompt = "\"prompt\": [" + "7,".repeat(499) + "7]";

    assertThat(clampedTokens("{}")).containsExactly(100);
    assertThat(clampedTokens("{\"max_tokens\": 5}")).containsExactly(5);
    assertThat(clampedTokens("{\"max_tokens\": 4089, " + prompt + "}")).containsExactly(12);
    assertThat(clampedTokens("{\"max_tokens\": -1, " + prompt + "}")).containsExactly(12);
    assertThat(clampedTokens("{\"max_tokens\": -1, \"prompt\": [[1], [1, 2, 3]]}"))
        .containsExactly(511, 509);
    assertThat(clampedTokens("{\"max_tokens\": 0, \"echo\": true}")).containsExactly(0);

    ApiException full =
        catchThrowableOfType(
            ApiException.class,
            () -> clampedTokens("{\"max_tokens\": 9, \"prompt\": [" + "7,".repeat(511) + "7]}"));
    assertThat(full.response().error().code()).isEqualTo("context_length_exceeded");
    assertThat(full.response().error().param()).isEqualTo("prompt");
  }

  @Test
  void anOutputThatFillsTheContextLeavesHalfOfItToATruncatedPrompt() {
    String prompt = "\"truncate_prompt_tokens\": -1, \"prompt\": [" + "7,".repeat(599) + "7]";

    assertThat(clampedTokens("{\"max_tokens\": 2048, " + prompt + "}")).containsExactly(256);
    assertThat(clampedTokens("{\"max_tokens\": 512, " + prompt + "}")).containsExactly(256);
    assertThat(clampedTokens("{\"max_tokens\": 12, " + prompt + "}")).containsExactly(12);
    assertThat(
            clamping.validate(request("{\"max_tokens\": 12, " + prompt + "}")).promptIds().get(0))
        .hasSize(500);
  }

  @Test
  void minusOneNeedsAServerThatClamps() {
    ApiException e = refused("{\"max_tokens\": -1}");

    assertThat(e)
        .hasMessage(
            "max_tokens is -1 (as many tokens as fit), which this server does not allow; send a number"
                + " that together with the prompt's tokens is at most 512, or start the server with"
                + " gpt2.clamp-max-tokens=true.");
    assertThat(e.response().error().param()).isEqualTo("max_tokens");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "SOMEONE/GPT2-Fairytales",
        "Gpt2-Fairytales",
        "Tales",
        "openai/gpt2-fairytales",
        "OpenAI/someone/gpt2-fairytales",
        "text-completion-openai/tales",
        "litellm_proxy/huggingface/someone/gpt2-fairytales",
        "http://localhost:8080/v1",
        "HTTPS://host.example"
      })
  void namesAreTolerant(String name) {
    assertThat(valid("{\"model\": \"" + name + "\"}").model()).isEqualTo("someone/gpt2-fairytales");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"openai/", "else/gpt2-fairytales", "gpt2", "openai/gpt2", "/tales", "a/b"})
  void otherNamesAreOtherModels(String name) {
    assertThat(refused("{\"model\": \"" + name + "\"}").response().error().code())
        .isEqualTo("model_not_found");
  }

  @Test
  void truncationKeepsTheEnd() {
    assertThat(valid("{\"prompt\": [[1,2,3],[4]], \"truncate_prompt_tokens\": 2}").promptIds())
        .containsExactly(new int[] {2, 3}, new int[] {4});

    String prompt = "[1," + "7,".repeat(600) + "9]";
    int[] fitting =
        valid("{\"max_tokens\": 12, \"truncate_prompt_tokens\": -1, \"prompt\": " + prompt + "}")
            .promptIds()
            .get(0);
    assertThat(fitting).hasSize(500).startsWith(7).endsWith(9);

    assertThat(
            refused("{\"max_tokens\": 512, \"truncate_prompt_tokens\": -1, \"prompt\": [1]}")
                .response()
                .error()
                .code())
        .isEqualTo("context_length_exceeded");
  }

  @Test
  void stopMayHaveSixteenStrings() {
    String sixteen = "\"a\",".repeat(15) + "\"b\"";
    assertThat(valid("{\"stop\": [" + sixteen + "]}").generation().sequences().get(0).stopStrings())
        .hasSize(16);
    assertThat(refused("{\"stop\": [" + sixteen + ", \"c\"]}"))
        .hasMessage("stop may hold at most 16 items, but holds more; send fewer in one request.");
  }

  @Test
  void aRequestMayHaveExactlyTheLargestNumberOfChoices() {
    assertThat(valid("{\"n\": 64, \"prompt\": [[1], [2]]}").generation().sequences()).hasSize(128);
  }

  @Test
  void candidatesAreRankedByLogprobs() {
    assertThat(first("{}").logprobs().wanted()).isFalse();
    assertThat(first("{\"best_of\": 2}").logprobs().wanted()).isTrue();
    assertThat(first("{\"best_of\": 2}").logprobs().top()).isZero();
    assertThat(first("{\"best_of\": 2, \"logprobs\": 3}").logprobs().top()).isEqualTo(3);
  }

  @Test
  void onlyAnEchoedPromptWithLogprobsIsScored() {
    String echoed = "{\"echo\": true, \"logprobs\": 0, \"prompt\": [1, 2]}";
    assertThat(first(echoed).promptProbabilities()).isEqualTo(PromptProbabilities.ECHO);
    assertThat(first(echoed.replace(", 2", "")).promptProbabilities())
        .isEqualTo(PromptProbabilities.NONE);
    assertThat(first(echoed.replace("true", "false")).promptProbabilities())
        .isEqualTo(PromptProbabilities.NONE);
    assertThat(first(echoed.replace(": 0", ": null")).promptProbabilities())
        .isEqualTo(PromptProbabilities.NONE);
  }

  @Test
  void aPositionReportsAtMostTheServersNumberOfTokens() {
    CompletionValidator few =
        new CompletionValidator(
            ServedModelFixture.of(tokenizer),
            ApiLimitsFixture.withMaxLogprobs(2),
            new ModelConstraints());

    assertThat(few.validate(request("{\"logprob_token_ids\": [5, 6]}")).promptIds()).hasSize(1);
    Refusals.assertInvalid(
        () -> few.validate(request("{\"logprob_token_ids\": [5, 6, 7]}")),
        "logprob_token_ids",
        "logprob_token_ids contains 3 tokens, but the limit is 2 per position; send fewer.");
  }

  @Test
  void aTextThatCannotFitIsRefusedBeforeItIsTokenizedUnlessItIsTruncated() {
    String fields = "\"prompt\": \"" + " king".repeat(20_000) + "\"";

    ApiException e = refused("{" + fields + "}");

    assertThat(e.getMessage())
        .matches(
            "This model's context holds 512 tokens, but prompt has at least \\d+; shorten it\\.");
    assertThat(valid("{" + fields + ", \"truncate_prompt_tokens\": 9}").promptIds().get(0))
        .hasSize(9);
  }

  @Test
  void aTokenThatIsAskedForAgainIsReportedOnce() {
    assertThat(
            valid("{\"logprob_token_ids\": [5, 7, 5, 5, 7]}")
                .generation()
                .sequences()
                .get(0)
                .logprobs()
                .tokenIds())
        .containsExactly(5, 7);
  }

  private static SequenceRequest first(String body) {
    return valid(body).generation().sequences().get(0);
  }

  private static GenerationSpec valid(String body) {
    return validator.validate(request(body));
  }

  private static List<Integer> clampedTokens(String body) {
    return clamping.validate(request(body)).generation().sequences().stream()
        .map(SequenceRequest::maxTokens)
        .toList();
  }

  private static CompletionRequest request(String body) {
    return Refusals.request(CompletionRequest.class, body);
  }

  private static ApiException refused(String body) {
    return catchThrowableOfType(ApiException.class, () -> valid(body));
  }
}
