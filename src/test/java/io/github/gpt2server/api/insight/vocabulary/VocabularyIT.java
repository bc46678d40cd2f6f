package io.github.gpt2server.api.insight.vocabulary;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The embedded model's vocabulary over HTTP, against a search of its tokens' texts. */
@SharedServer
class VocabularyIT {
  private static LiveServer server;

  @Test
  void theWholeVocabularyIsWhatTheTokenizerHas() throws IOException {
    JsonNode all = ask("?limit=4096");

    Gpt2Tokenizer tokenizer = server.model().tokenizer();
    assertThat(all.get("total").intValue()).isEqualTo(4096);
    assertThat(all.get("tokens")).hasSize(4096);
    for (int id = 0; id < 4096; id++) {
      JsonNode token = all.get("tokens").get(id);
      assertThat(token.get("id").intValue()).isEqualTo(id);
      assertThat(token.get("token").stringValue()).isEqualTo(tokenizer.token(id));
      byte[] bytes = tokenizer.bytes(id);
      assertThat(token.get("bytes")).hasSize(bytes.length);
      for (int i = 0; i < bytes.length; i++) {
        assertThat(token.get("bytes").get(i).intValue()).isEqualTo(bytes[i] & 0xff);
      }
    }
  }

  @Test
  void aSearchFindsTheTokensWithTheText() throws IOException {
    assertFound("?contains=ing", text -> text.contains("ing"));
    assertFound("?prefix=%20ki", text -> text.startsWith(" ki"));
    assertFound("?prefix=+ki&contains=ng", text -> text.startsWith(" ki") && text.contains("ng"));
    assertFound("?prefix=K&contains=", text -> text.startsWith("K"));
    assertFound("?contains=%3C%7Cendoftext%7C%3E", text -> text.equals("<|endoftext|>"));
    assertFound("?contains=no+token+is+so+long+as+this+text", text -> false);
    assertFound("?contains=bytes%3A", text -> false);
  }

  @Test
  void theLimitCutsTheListAndNotTheTotal() throws IOException {
    JsonNode usual = ask("");
    assertThat(usual.get("tokens")).hasSize(100);
    assertThat(usual.get("total").intValue()).isEqualTo(4096);
    JsonNode none = ask("?contains=e&limit=0");
    assertThat(none.get("tokens")).isEmpty();
    assertThat(none.get("total")).isEqualTo(ask("?contains=e").get("total"));
    assertThat(ask("?limit=&model=gpt2-fairytales&x=1").get("tokens")).hasSize(100);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ?limit=-1                 | limit    | limit must be between 0 and 4096, but is -1.
          ?limit=4097               | limit    | limit must be between 0 and 4096, but is 4097.
          ?limit=99999999999999     | limit    | limit must be between 0 and 4096, but is 99999999999999.
          ?limit=1e3                | limit    | limit must be an integer from 0 to 4096, but is "1e3".
          ?limit=2&limit=3          | limit    | limit is in the query 2 times; send it once.
          ?contains=a&contains=b    | contains | contains is in the query 2 times; send it once.
          ?limt=3                   | limt     | limt is not a parameter of this endpoint; did you mean 'limit'?
          """)
  void whatIsWrongIsRefused(String query, String param, String message) throws IOException {
    RawHttp.Answer answer = get(query);
    assertThat(answer.status()).isEqualTo(400);
    JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
  }

  @Test
  void aLongTextIsRefusedAndAnotherMethodToo() throws IOException {
    RawHttp.Answer answer = get("?prefix=" + "a".repeat(1001));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body())
        .contains("prefix may hold at most 1000 characters, but holds 1001; send fewer.");
    assertThat(server.post("/v1/vocabulary", "{}").status()).isEqualTo(405);
    for (String undecodable : List.of("%ff%fe", "%c3", "%ed%a0%80")) {
      answer = get("?prefix=" + undecodable);
      assertThat(answer.status()).as(undecodable).isEqualTo(400);
      assertThat(answer.body())
          .contains("The query cannot be decoded; send its parameters as percent-encoded UTF-8.");
    }
    assertThat(get("?prefix=%zz").status()).isEqualTo(400);
  }

  @Test
  void unknownParametersAreRefusedWhereFieldsAre() throws IOException {
    try (LiveServer strict = new LiveServer("--gpt2.strict-fields=true");
        RawHttp http = strict.connect()) {
      RawHttp.Answer answer =
          http.send("GET /v1/vocabulary?x=1 HTTP/1.1\r\nHost: test\r\n\r\n").answer();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("it knows prefix, contains, limit.");
    }
  }

  private static void assertFound(String query, Predicate<String> wanted) throws IOException {
    Gpt2Tokenizer tokenizer = server.model().tokenizer();
    List<Integer> expected =
        IntStream.range(0, 4096)
            .filter(id -> wanted.test(new String(tokenizer.bytes(id), StandardCharsets.ISO_8859_1)))
            .boxed()
            .toList();
    JsonNode found = ask(query + "&limit=4096");
    assertThat(found.get("tokens").valueStream().map(token -> token.get("id").intValue()).toList())
        .as(query)
        .isEqualTo(expected);
    assertThat(found.get("total").intValue()).isEqualTo(expected.size());
  }

  private static JsonNode ask(String query) throws IOException {
    RawHttp.Answer answer = get(query);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return JsonMapper.shared().readTree(answer.body());
  }

  private static RawHttp.Answer get(String query) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send("GET /v1/vocabulary" + query + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }
}
