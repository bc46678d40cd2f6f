package io.github.gpt2server.api.insight;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * What the endpoints for probabilities refuse: the message has field, value, limit and what to do.
 */
@SharedServer
class ProbabilityRefusalsIT {
  private static LiveServer server;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /v1/completions | {"logprobs": -1} | logprobs | logprobs must be between 0 and 4096, but is -1.
          /v1/completions | {"logprobs": 4097} | logprobs | logprobs must be between 0 and 4096, but is 4097.
          /v1/completions | {"logprobs": true} | logprobs | logprobs must be an integer, but is true.
          /v1/completions | {"logprobs": 4096, "max_tokens": 500, "n": 5} | logprobs | logprobs = 4096 at up to 2500 positions makes 10240000 log-probabilities, but an answer may have at most 10000000; lower logprobs or max_tokens, n or the prompts, or stream.
          /v1/completions | {"logprobs": 257, "max_tokens": 500, "n": 5} | logprobs | logprobs = 257 at up to 2500 positions makes 10240000 log-probabilities (above 256, the whole vocabulary's count), but an answer may have at most 10000000; lower logprobs or max_tokens, n or the prompts, or stream.
          /v1/completions | {"logprob_token_ids": [4096]} | logprob_token_ids | logprob_token_ids[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          /v1/completions | {"best_of": 2, "n": 3} | best_of | best_of must be at least n, which is 3, but is 2.
          /v1/completions | {"best_of": 2, "stream": true} | best_of | best_of = 2 cannot be streamed with n = 1: the best choices are known only at the end. Remove best_of or stream.
          /v1/completions | {"max_tokens": 0} | max_tokens | max_tokens must be at least 1, but is 0. To score the prompt alone, set echo: true.
          /v1/score | {} | text | text is missing; send text, or prompt with continuations.
          /v1/score | {"text": "a", "prompt": "b"} | prompt | prompt cannot be combined with text; to score a text after a prompt, send the text in continuations.
          /v1/score | {"prompt": "a", "continuations": ["b"], "stride": 5} | stride | stride applies to text only and cannot be combined with continuations; remove stride.
          /v1/score | {"prompt": "a", "continuations": ["b"], "top_logprobs": 5} | top_logprobs | top_logprobs applies to text only and cannot be combined with continuations; remove top_logprobs.
          /v1/score | {"prompt": "a", "continuations": ["b"], "add_bos": true} | add_bos | add_bos applies to text only and cannot be combined with continuations; remove add_bos.
          /v1/score | {"text": 7} | text | text must be a string or an array of strings, but is 7.
          /v1/score | {"text": []} | text | text is empty; send at least one text.
          /v1/score | {"text": ["a", null]} | text | text[1] must be a string, but is null.
          /v1/score | {"text": "a", "stride": 0} | stride | stride must be between 1 and 511, but is 0.
          /v1/score | {"text": "a", "stride": 512} | stride | stride must be between 1 and 511, but is 512.
          /v1/score | {"text": "a", "top_logprobs": 5000} | top_logprobs | top_logprobs must be between 0 and 4096, but is 5000.
          /v1/score | {"text": "a \\ud800"} | text | text holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          /v1/score | {"prompt": "a", "continuations": []} | continuations | continuations is empty; send 1 to 128 texts.
          /v1/score | {"prompt": "a", "continuations": ["b", ""]} | continuations | continuations[1] is empty; remove it, or send at least one character.
          /v1/score | {"text": "a", "continuations": ["b"]} | text | text and continuations exclude each other; remove one of them.
          /v1/score | {"continuations": ["b"], "stream": true} | stream | continuations cannot be streamed; remove stream.
          /v1/next-token | {} | prompt | prompt and tokens are missing; send one of them.
          /v1/next-token | {"prompt": "a", "tokens": [1]} | tokens | prompt and tokens exclude each other; remove one of them.
          /v1/next-token | {"prompt": "a", "top_k": 4097} | top_k | top_k must be between 0 and 4096, but is 4097.
          /v1/next-token | {"prompt": "a", "temperature": 0} | temperature | temperature must be between 0.000000001 and 100, but is 0.
          /v1/next-token | {"prompt": "a", "candidates": [""]} | candidates | candidates[0] is empty; remove it, or send at least one character.
          /v1/next-token | {"tokens": [-1]} | tokens | tokens[0] is -1, which is not a token id; the vocabulary has ids from 0 to 4095.
          /v1/next-token | {"prompt": [[1]]} | prompt | prompt must be a string or an array of one or more strings; send token ids in tokens.
          """)
  void aRefusalSaysWhatIsWrongAndHowToMendIt(String path, String json, String param, String message)
      throws IOException {
    JsonNode error = server.refusal(path, json);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
  }

  @Test
  void candidatesCountForEachPrompt() throws IOException {
    String candidates = String.join(",", Collections.nCopies(5001, "\" a\""));
    JsonNode error =
        server.refusal(
            "/v1/next-token", "{\"prompt\": [\"a\", \"b\"], \"candidates\": [" + candidates + "]}");
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "2 prompts with 5001 candidates request 10002 probabilities, but the limit is 10000 per"
                + " request; send several requests.");
    assertThat(error.get("param").stringValue()).isEqualTo("candidates");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /v1/next-token | {"prompt": "%s"} | prompt
          /v1/next-token | {"prompt": "a", "candidates": ["%s"]} | candidates
          /v1/score | {"prompt": "a", "continuations": ["%s"]} | continuations
          /v1/completions | {"prompt": "%s", "echo": true, "logprobs": 0, "max_tokens": 0} | prompt
          """)
  void whatDoesNotFitTheContextSaysBothNumbers(String path, String json, String param)
      throws IOException {
    JsonNode error = server.refusal(path, json.formatted(" king".repeat(600)));
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("message").stringValue()).contains("512").containsAnyOf("600", "601");
  }
}
