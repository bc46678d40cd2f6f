package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCheckTest {
  private static final ServedModel MODEL =
      new ServedModel(
          null,
          null,
          "openai-community/gpt2",
          List.of("text-davinci"),
          null,
          Set.of(),
          1024,
          50_257,
          768,
          12,
          12,
          124_439_808,
          "float32",
          "cpu",
          "avx512vnni",
          0,
          ChatSupport.none("none"),
          Instant.EPOCH);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "openai-community/gpt2",
        "gpt2",
        " GPT2 ",
        "openai/gpt2",
        "litellm_proxy/openai/gpt2",
        "",
        "https://gpt2.example/v1"
      })
  void namesTheServedModel(String asked) {
    assertThat(ModelCheck.nameOf(asked, MODEL)).isEqualTo("openai-community/gpt2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text-davinci", "Text-Davinci", "azure/text-davinci"})
  void namesTheAlias(String asked) {
    assertThat(ModelCheck.nameOf(asked, MODEL)).isEqualTo("text-davinci");
  }

  @Test
  void noNameMeansTheServedModel() {
    assertThatCode(() -> ModelCheck.check(null, MODEL)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"gpt-4", "someone/gpt2", "openai/", "gpt2/openai"})
  void refusesOthers(String asked) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> ModelCheck.check(asked, MODEL))
        .withMessage(
            "The model '%s' does not exist here; ask for 'openai-community/gpt2' or leave the field"
                    .formatted(asked)
                + " out.")
        .satisfies(e -> assertThat(e.status().value()).isEqualTo(404));
  }
}
