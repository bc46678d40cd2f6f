package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.insight.inspect.InspectRequest;
import io.github.gpt2server.api.insight.nexttoken.NextTokenRequest;
import io.github.gpt2server.api.insight.score.ScoreRequest;
import io.github.gpt2server.api.insight.similar.MostSimilarRequest;
import io.github.gpt2server.api.insight.tokenize.DetokenizeRequest;
import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.api.limit.RequestLimits;
import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.api.openai.completion.CompletionRequest;
import io.github.gpt2server.api.openai.embedding.EmbeddingRequest;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.error.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Every list, map and string is limited, and nothing is read beyond a limit. */
class RequestLimitsTest {
  private static final RequestSizes SIZES = new RequestSizes(4096, 128);
  private static final List<Class<?>> UNLIMITED =
      List.of(Integer.class, Long.class, Double.class, Boolean.class);

  @ParameterizedTest
  @MethodSource("io.github.gpt2server.api.json.FieldTableTest#requests")
  void everyFieldThatHoldsSomethingHasItsLimits(Class<?> request) {
    Map<String, String> needed =
        fields(request)
            .filter(component -> !UNLIMITED.contains(component.getType()))
            .filter(component -> !component.getType().isRecord())
            .collect(
                Collectors.toMap(
                    component -> component.getAccessor().getAnnotation(JsonProperty.class).value(),
                    RequestLimitsTest::kinds));

    assertThat(RequestLimits.fields(request).keySet()).isEqualTo(needed.keySet());
    needed.forEach(
        (field, kinds) ->
            assertThat(kinds(RequestLimits.of(request, field, SIZES))).as(field).matches(kinds));
  }

  private static Stream<RecordComponent> fields(Class<?> request) {
    return Arrays.stream(request.getRecordComponents())
        .flatMap(
            component ->
                component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)
                    ? fields(component.getType())
                    : Stream.of(component));
  }

  /** The kinds of limits that a type has a use for, as a pattern. */
  private static String kinds(RecordComponent component) {
    Class<?> type = component.getType();
    if (type == String.class) {
      return "characters";
    } else if (type == int[].class) {
      return "tokens";
    } else if (type == Prompt.class) {
      return "items tokens characters";
    } else if (type == JsonNode.class) {
      return "items characters";
    }
    String generic = component.getGenericType().getTypeName();
    return generic.endsWith("Integer>")
            || generic.endsWith("Double>")
            || generic.endsWith("Message>")
        ? "items"
        : "items characters";
  }

  private static String kinds(FieldLimit limit) {
    return Stream.of(
            limit.items() > 0 ? "items" : "",
            limit.tokens() > 0 ? "tokens" : "",
            limit.characters() > 0 ? "characters" : "")
        .filter(kind -> !kind.isEmpty())
        .collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @MethodSource
  void aListMayBeAsLongAsItsLimitAndNoLonger(
      Class<?> request, String field, IntFunction<String> value, int limit, String noun)
      throws IOException {
    assertThat(read(request, field, value.apply(limit))).isNotNull();

    ApiException refusal = refused(request, field, value.apply(limit + 1));

    assertThat(refusal.response().error().param()).isEqualTo(field);
    assertThat(refusal)
        .hasMessage(
            "%s may hold at most %d %s, but holds more; send fewer in one request."
                .formatted(field, limit, noun));
  }

  static Stream<Arguments> aListMayBeAsLongAsItsLimitAndNoLonger() {
    return Stream.of(
        list(CompletionRequest.class, "prompt", "\"a\"", 128, "texts"),
        list(CompletionRequest.class, "prompt", "[]", 128, "lists of token ids"),
        list(CompletionRequest.class, "prompt", "7", 1_000_000, "token ids"),
        list(CompletionRequest.class, "stop", "\"a\"", 16, "items"),
        list(CompletionRequest.class, "stop_token_ids", "7", 1_000_000, "token ids"),
        list(CompletionRequest.class, "logprob_token_ids", "7", 1_000_000, "token ids"),
        Arguments.of(
            CompletionRequest.class,
            "logit_bias",
            (IntFunction<String>) RequestLimitsTest::biases,
            4096,
            "entries"),
        list(EmbeddingRequest.class, "input", "\"a\"", 2048, "texts"),
        list(NextTokenRequest.class, "prompt", "\"a\"", 128, "texts"),
        list(NextTokenRequest.class, "tokens", "7", 1_000_000, "token ids"),
        list(NextTokenRequest.class, "candidates", "\"a\"", 10_000, "texts"),
        list(ScoreRequest.class, "text", "\"a\"", 2048, "items"),
        list(ScoreRequest.class, "continuations", "\"a\"", 128, "texts"),
        list(InspectRequest.class, "layers", "7", 1000, "numbers"),
        list(InspectRequest.class, "heads", "7", 1000, "numbers"),
        list(InspectRequest.class, "targets", "7", 1000, "items"),
        list(InspectRequest.class, "ablate", "{\"layer\":1,\"head\":2}", 10_000, "items"),
        list(MostSimilarRequest.class, "positive", "\"a\"", 100, "texts"),
        list(MostSimilarRequest.class, "negative", "\"a\"", 100, "texts"),
        list(DetokenizeRequest.class, "tokens", "7", 1_000_000, "token ids"));
  }

  private static Arguments list(
      Class<?> request, String field, String item, int limit, String noun) {
    IntFunction<String> value =
        count -> "[" + String.join(",", Collections.nCopies(count, item)) + "]";
    return Arguments.of(request, field, value, limit, noun);
  }

  private static String biases(int count) {
    return IntStream.range(0, count)
        .mapToObj(token -> "\"" + token + "\":1")
        .collect(Collectors.joining(",", "{", "}"));
  }

  @ParameterizedTest
  @CsvSource({
    "io.github.gpt2server.api.openai.completion.CompletionRequest, model, 1000",
    "io.github.gpt2server.api.openai.completion.CompletionRequest, cache_salt, 1000",
    "io.github.gpt2server.api.openai.completion.CompletionRequest, stop, 10000",
    "io.github.gpt2server.api.openai.completion.CompletionRequest, prompt, 8388608",
    "io.github.gpt2server.api.insight.score.ScoreRequest, text, 8388608"
  })
  void aStringMayBeAsLongAsItsLimitAndNoLonger(String type, String field, int limit)
      throws IOException, ClassNotFoundException {
    Class<?> request = Class.forName(type);
    assertThat(read(request, field, "\"" + "é".repeat(limit) + "\"")).isNotNull();

    ApiException refusal = refused(request, field, "\"" + "é".repeat(limit + 1) + "\"");

    assertThat(refusal)
        .hasMessage(
            "%s may have at most %d characters, but has more; send a shorter text."
                .formatted(field, limit));
    assertThat(refusal.response().error().param()).isEqualTo(field);
  }

  @Test
  void anItemThatIsTooLongIsNamed() {
    ApiException refusal =
        refused(MostSimilarRequest.class, "positive", "[\"a\",\"" + "b".repeat(1001) + "\"]");

    assertThat(refusal.response().error().param()).isEqualTo("positive[1]");
    assertThat(refusal).hasMessageStartingWith("positive[1] may have at most 1000 characters");
  }

  @Test
  void whatIsInTheItemsCountsToo() {
    String hidden = "[{\"layer\":1,\"head\":2,\"x\":[" + "1,".repeat(90_000) + "1]}]";

    assertThat(refused(InspectRequest.class, "ablate", hidden))
        .hasMessageContaining("may hold at most 80008 values in all, but holds more");
  }

  /** The rest of a body is not read: it does not even have to be JSON. */
  @Test
  void readingEndsAtTheLimit() {
    String endless = "[" + "[],".repeat(100_000) + "what follows does not matter";

    assertThat(refused(CompletionRequest.class, "prompt", endless))
        .hasMessageContaining("prompt may hold at most 128 lists of token ids, but holds more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{%s}",
        "{\"foo\":{%s}}",
        "{\"metadata\":{%s}}",
        "{\"tools\":{%s}}",
        "{\"stream_options\":{%s}}"
      })
  void anObjectMayHaveAThousandFields(String form) throws IOException {
    String fields =
        IntStream.range(0, 1001).mapToObj(i -> "\"x" + i + "\":0").collect(Collectors.joining(","));
    ApiException refusal =
        catchThrowableOfType(
            ApiException.class, () -> read(CompletionRequest.class, form.formatted(fields)));

    assertThat(refusal)
        .hasMessage(
            "An object of the body may have at most 1000 fields, but has more; leave out those that this"
                + " endpoint does not know.");
  }

  /** As large as a body may be, and named alike by String.hashCode. */
  @Test
  void namesOfOneHashCodeAreRefusedAndLeaveNothingBehind() throws IOException {
    RequestJson json = new RequestJson(false);
    for (int round = 0; round < 3; round++) {
      String names =
          IntStream.range(0, 65_536)
              .mapToObj(RequestLimitsTest::collidingName)
              .collect(Collectors.joining("\":0,\"", "{\"", "\":0}"));
      assertThat(
              catchThrowableOfType(
                  ApiException.class, () -> read(json, CompletionRequest.class, names)))
          .hasMessageContaining("may have at most 1000 fields");
      assertThat(read(json, CompletionRequest.class, "{\"n\":2}")).isNotNull();
    }
    assertThat(collidingName(1)).hasSameHashCodeAs(collidingName(2)).isNotEqualTo(collidingName(2));
  }

  /** "Aa" and "BB" have one hash code, and so has whatever is put together of them. */
  private static String collidingName(int number) {
    return IntStream.range(0, 16)
        .mapToObj(bit -> (number >> bit & 1) == 0 ? "Aa" : "BB")
        .collect(Collectors.joining());
  }

  @Test
  void aLargeValueOfAFieldThatIsRefusedIsNamedByItsKind() throws IOException {
    assertThat(refused(CompletionRequest.class, "tools", "[" + "{},".repeat(100_000) + "{}]"))
        .hasMessageStartingWith("tools is an array, which is not supported here;");
    assertThat(refused(CompletionRequest.class, "system", "\"" + "x".repeat(1_000_000) + "\""))
        .hasMessageStartingWith("system is the string \"xxx");
    String longText = "\"" + "x".repeat(1_000_000) + "\"";
    assertThat(
            catchThrowableOfType(
                ApiException.class,
                () ->
                    read(
                        CompletionRequest.class,
                        "{\"prompt\":" + longText + ",\"text\":" + longText + "}")))
        .hasMessageContaining("which is not supported here; use prompt, which means the same.");
    assertThat(read(CompletionRequest.class, "metadata", "[" + "{},".repeat(100_000) + "{}]"))
        .isNotNull();
  }

  private static Object read(Class<?> request, String field, String value) throws IOException {
    return read(request, "{\"" + field + "\":" + value + "}");
  }

  private static Object read(Class<?> request, String body) throws IOException {
    return read(new RequestJson(false), request, body);
  }

  private static Object read(RequestJson json, Class<?> request, String body) throws IOException {
    InputStream bytes = new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
    MemoryBudget.Reservation memory = MemoryBudget.UNLIMITED.reserve(MemoryUse.BODIES, 0);
    return json.read(new BoundedBody(bytes, Integer.MAX_VALUE, memory), request, SIZES);
  }

  private static ApiException refused(Class<?> request, String field, String value) {
    return catchThrowableOfType(ApiException.class, () -> read(request, field, value));
  }
}
