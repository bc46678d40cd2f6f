package io.github.gpt2server.api.openai.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.json.RequestJson;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SamplingSpecTest {

  @Test
  void aRequestThatSaysNothingGetsTheDefaultsThatModelsReport() {
    SamplingFields nothing =
        new RequestJson(false).read("{}".getBytes(StandardCharsets.UTF_8), SamplingFields.class);

    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"))) {
      assertThat(SamplingSpec.check(nothing, null, 16, null, tokenizer).parameters())
          .isEqualTo(SamplingParameters.DEFAULT);
    }
  }
}
