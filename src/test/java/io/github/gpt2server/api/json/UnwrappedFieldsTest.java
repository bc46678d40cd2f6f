package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Components whose fields stand among those of the record that they are part of. */
class UnwrappedFieldsTest {

  record Options(@JsonProperty("include_usage") Boolean includeUsage) {}

  record Inner(@JsonProperty("seed") Long seed, @JsonProperty("stop") List<String> stop) {}

  record Shared(
      @JsonProperty("stream_options") Options options,
      @JsonUnwrapped Inner inner,
      @JsonProperty("temperature") Double temperature) {}

  /** With the limits of completions, whose {@code user} has at most 1000 characters. */
  @FieldSection("completions")
  record Sample(
      @JsonProperty("n") Integer n,
      @JsonUnwrapped Shared shared,
      @JsonProperty("user") String user,
      @JsonUnwrapped Last last)
      implements JsonRequest {}

  record Last(@JsonProperty("cache_salt") String cacheSalt) {}

  record Twice(@JsonProperty("seed") Long seed, @JsonUnwrapped Inner inner)
      implements JsonRequest {}

  @Test
  void everyFieldComesToItsPlace() {
    Sample sample =
        read(
            """
            {"cache_salt": "x", "temperature": 0.5, "stop": ["a"], "user": "u", "seed": 7, "n": 2,
             "stream_options": {"include_usage": true}}
            """);

    assertThat(sample)
        .isEqualTo(
            new Sample(
                2,
                new Shared(new Options(true), new Inner(7L, List.of("a")), 0.5),
                "u",
                new Last("x")));
  }

  @Test
  void aComponentWithoutFieldsIsThere() {
    assertThat(read("{\"seed\": null}"))
        .isEqualTo(
            new Sample(null, new Shared(null, new Inner(null, null), null), null, new Last(null)));
  }

  @Test
  void limitsAreThoseOfTheRecord() {
    ApiException refusal = refused("{\"cache_salt\": \"" + "s".repeat(1001) + "\"}");

    assertThat(refusal)
        .hasMessage(
            "cache_salt may have at most 1000 characters, but has more; send a shorter text.");
  }

  @Test
  void errorsNameTheFieldAlone() {
    assertThat(refused("{\"seed\": 0.5}").response().error().param()).isEqualTo("seed");
    assertThat(refused("{\"stream_options\": 1}").response().error().param())
        .isEqualTo("stream_options");
  }

  @Test
  void slipsNameTheFieldMeant() {
    assertThat(refused("{\"temprature\": 0.5}"))
        .hasMessage("temprature is not a field of this endpoint; did you mean 'temperature'?");
    assertThat(refused("{\"stream_options\": {\"include_usge\": true}}").response().error().param())
        .isEqualTo("stream_options.include_usge");
    assertThat(read("{\"temprature\": 0.5, \"temperature\": 0.6}").shared().temperature())
        .isEqualTo(0.6);
  }

  @Test
  void noFieldMayStandInTwoPlaces() {
    assertThatThrownBy(() -> read("{}", Twice.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("Twice has two fields seed");
  }

  private static Sample read(String body) {
    return read(body, Sample.class);
  }

  private static <T> T read(String body, Class<T> type) {
    return new RequestJson(false).read(body.getBytes(StandardCharsets.UTF_8), type);
  }

  private static ApiException refused(String body) {
    return catchThrowableOfType(ApiException.class, () -> read(body));
  }
}
