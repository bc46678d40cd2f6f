package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionAdviceTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --model=/models/gpt2   | --model is not an option: did you mean --gpt2.model?
          --model                | --model is not an option: did you mean --gpt2.model?
          --model-id             | --model-id is not an option: did you mean --gpt2.model?
          --MODEL=x              | --MODEL is not an option: did you mean --gpt2.model?
          -m                     | -m is not an option: did you mean --gpt2.model?
          -hf                    | -hf is not an option: did you mean --gpt2.model?
          --gpt2-model=x         | --gpt2-model is not an option: did you mean --gpt2.model?
          --gtp2.model=x         | --gtp2.model is not an option: did you mean --gpt2.model?
          --revision=main        | --revision is not an option: did you mean --gpt2.revision?
          --device=cpu           | --device is not an option: did you mean --gpt2.device?
          -ngl                   | -ngl is not an option: did you mean --gpt2.device?
          --dtype=bfloat16       | --dtype is not an option: did you mean --gpt2.dtype?
          --max_num_seqs=8       | --max_num_seqs is not an option: did you mean --gpt2.max-sequences?
          --max-sequences=8      | --max-sequences is not an option: did you mean --gpt2.max-sequences?
          --served-model-name    | --served-model-name is not an option: did you mean --gpt2.aliases?
          --api-key=secret       | --api-key is not an option: did you mean --gpt2.api-keys?
          --hf-token=secret      | --hf-token is not an option: did you mean --gpt2.hub.token?
          --hub.token=secret     | --hub.token is not an option: did you mean --gpt2.hub.token?
          --port=9000            | --port is not an option: did you mean --server.port?
          --host=0.0.0.0         | --host is not an option: did you mean --server.address?
          --sever.port=9000      | --sever.port is not an option: did you mean --server.port?
          --max-model-len=1024   | --max-model-len is not an option: the context's length is the model's own, n_positions of its config.json, and cannot be set.
          --ctx-size             | --ctx-size is not an option: the context's length is the model's own, n_positions of its config.json, and cannot be set.
          -Dserver.port=1        | -Dserver.port is an option of Java: write it before -jar.
          --gpt2.access-log      | --gpt2.access-log has no value: write --gpt2.access-log=VALUE, with an equals sign.
          --server.port          | --server.port has no value: write --server.port=VALUE, with an equals sign.
          """)
  void saysWhatToWriteInstead(String option, String sentence) {
    assertThat(OptionAdvice.of(option)).contains(sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--frobnicate=1", "--my.own=1", "-x", "--tensor-parallel-size", "--"})
  void knowsNothingOfOthers(String option) {
    assertThat(OptionAdvice.of(option)).isEmpty();
  }

  /** A name of the table that no longer exists would lead people astray. */
  @Test
  void namesSettingsThatThereAre() {
    assertThat(OptionAdvice.settings())
        .filteredOn(setting -> setting.startsWith("gpt2."))
        .isNotEmpty()
        .allSatisfy(
            setting ->
                assertThat(SettingNameCheck.nearest(setting.substring(5))).contains(setting));
  }
}
