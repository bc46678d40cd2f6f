package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Gpt2ConfigTest {
  private static final String SIZES =
      "'vocab_size':100,'n_positions':16,'n_embd':12,'n_layer':2,'n_head':3";

  @TempDir Path folder;

  @Test
  void readsTheEmbeddedModel() {
    assertThat(Gpt2Config.read(Path.of("models/gpt2-fairytales")))
        .isEqualTo(
            new Gpt2Config(
                4096,
                512,
                320,
                4,
                5,
                1280,
                1e-5,
                Activation.GELU_TANH,
                true,
                List.of(4095),
                true,
                false,
                false));
  }

  @Test
  void readsAModelWithoutTokenizerAndWithoutTying() {
    Gpt2Config config = Gpt2Config.read(Path.of("src/test/resources/golden/nano-sort"));
    assertThat(config)
        .isEqualTo(
            new Gpt2Config(
                3,
                11,
                48,
                3,
                3,
                192,
                1e-5,
                Activation.GELU_TANH,
                false,
                List.of(),
                true,
                false,
                false));
    assertThat(config.headWidth()).isEqualTo(16);
  }

  @Test
  void fillsInHuggingFacesDefaults() throws IOException {
    assertThat(read("{'vocab_size':50257,'n_ctx':16,'n_embd':12,'n_layer':2,'n_head':3}"))
        .isEqualTo(
            new Gpt2Config(
                50257,
                16,
                12,
                2,
                3,
                48,
                1e-5,
                Activation.GELU_TANH,
                true,
                List.of(50256),
                true,
                false,
                false));
  }

  @Test
  void knowsTheOtherNamesOfFields() throws IOException {
    assertThat(
            read(
                """
                {'vocab_size':100,'max_position_embeddings':16,'hidden_size':12,
                'num_hidden_layers':2,'num_attention_heads':3}"""))
        .isEqualTo(read("{" + SIZES + "}"));
    assertThat(readWith("'n_ctx':99,'hidden_size':99,'architectures':['GPT2LMHeadModel']"))
        .isEqualTo(read("{" + SIZES + "}"));
  }

  @ParameterizedTest
  @CsvSource({
    "gpt_neo, 'describes a gpt_neo model; only GPT-2 can be served'",
    "gptj, 'describes a gptj model; only GPT-2 can be served'",
    "gpt_neox, 'describes a gpt_neox model; only GPT-2 can be served'",
    "gpt_bigcode, 'describes a gpt_bigcode model; only GPT-2 can be served'",
    "openai-gpt, 'describes a openai-gpt model; only GPT-2 can be served'",
    "llama, 'describes a llama model; only GPT-2 can be served'"
  })
  void refusesOtherModelsByName(String type, String sentence) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> read("{'model_type':'" + type + "','hidden_size':12}"))
        .withMessage(folder.resolve("config.json") + " " + sentence);
  }

  @Test
  void refusesAnotherModelThatOnlyItsClassNames() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> read("{'architectures':['GPTJForCausalLM'],'n_embd':12}"))
        .withMessage(
            folder.resolve("config.json")
                + " describes a GPTJForCausalLM; only GPT-2 can be served");
  }

  @Test
  void readsEveryField() throws IOException {
    assertThat(
            read(
                """
                {'model_type':'gpt2','vocab_size':100,'n_positions':16,'n_ctx':99,'n_embd':12,
                'n_layer':2,'n_head':3,'n_inner':20,'layer_norm_epsilon':1e-6,
                'activation_function':'relu','tie_word_embeddings':false,'eos_token_id':[7,9],
                'scale_attn_weights':false,'scale_attn_by_inverse_layer_idx':true,
                'reorder_and_upcast_attn':true,'future_field':{}}"""))
        .isEqualTo(
            new Gpt2Config(
                100,
                16,
                12,
                2,
                3,
                20,
                1e-6,
                Activation.RELU,
                false,
                List.of(7, 9),
                false,
                true,
                true));
  }

  @ParameterizedTest
  @CsvSource({
    "gelu_new, GELU_TANH",
    "gelu_pytorch_tanh, GELU_TANH",
    "gelu_fast, GELU_TANH",
    "gelu_python_tanh, GELU_TANH",
    "gelu_accurate, GELU_TANH",
    "gelu, GELU",
    "gelu_python, GELU",
    "quick_gelu, QUICK_GELU",
    "silu, SILU",
    "swish, SILU",
    "relu, RELU",
    "tanh, TANH"
  })
  void knowsActivationsByTheirNames(String name, Activation activation) throws IOException {
    assertThat(readWith("'activation_function':'" + name + "'").activation()).isEqualTo(activation);
  }

  @Test
  void leavesOutEndOfTextIdsOutsideTheVocabulary() throws IOException {
    assertThat(read("{" + SIZES + "}").endOfText()).isEmpty();
    assertThat(readWith("'eos_token_id':null").endOfText()).isEmpty();
    assertThat(readWith("'eos_token_id':50256").endOfText()).isEmpty();
    assertThat(readWith("'eos_token_id':-1").endOfText()).isEmpty();
    assertThat(readWith("'eos_token_id':[99,100,99,123456789012]").endOfText()).containsExactly(99);
  }

  @Test
  void theGenerationConfigSaysBetterWhatEndsAText() throws IOException {
    Path file = folder.resolve("generation_config.json");
    Files.writeString(file, "{\"eos_token_id\":[5,6]}");
    assertThat(readWith("'eos_token_id':7").endOfText()).containsExactly(5, 6);
    Files.writeString(file, "{\"temperature\":0.5}");
    assertThat(readWith("'eos_token_id':7").endOfText()).containsExactly(7);
    Files.writeString(file, "{\"eos_token_id\":\"x\"}");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> readWith("'eos_token_id':7"))
        .withMessageContaining("generation_config.json has eos_token_id \"x\"");
    Files.delete(file);
    Files.createDirectory(file);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> readWith("'eos_token_id':7"))
        .withMessage(file + " is a folder, not a file");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_type':'gpt_neo' | describes a gpt_neo model; only GPT-2 can be served",
        "'model_type':5 | has model_type 5, but it must be a string",
        "'n_head':5 | has n_embd 12 and n_head 5, but n_embd must be a multiple of n_head",
        "'n_embd':null | lacks n_embd, which a GPT-2 model needs",
        "'n_positions':null | lacks n_positions, which a GPT-2 model needs",
        "'n_layer':0 | has n_layer 0, but it must be a whole number from 1 to 10000",
        "'n_layer':-3 | has n_layer -3, but it must be a whole number from 1 to 10000",
        "'n_layer':2.5 | has n_layer 2.5, but it must be a whole number from 1 to 10000",
        "'n_head':'3' | has n_head \"3\", but it must be a whole number from 1 to 1048576",
        "'vocab_size':99999999999 | has vocab_size 99999999999,"
            + " but it must be a whole number from 1 to 16777216",
        "'n_inner':0 | has n_inner 0, but it must be a whole number from 1 to 1048576",
        "'layer_norm_epsilon':0 | has layer_norm_epsilon 0, but it must be a number between 0 and 1",
        "'layer_norm_epsilon':'a' | has layer_norm_epsilon \"a\","
            + " but it must be a number between 0 and 1",
        "'activation_function':'mish' | has activation_function \"mish\", but only gelu_new,"
            + " gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate, gelu, gelu_python,"
            + " quick_gelu, silu, swish, relu and tanh are supported",
        "'tie_word_embeddings':1 | has tie_word_embeddings 1, but it must be true or false",
        "'eos_token_id':'x' | has eos_token_id \"x\","
            + " but it must be a token id, an array of them or null",
      })
  void refusesInOneSentence(String field, String sentence) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> readWith(field))
        .withMessage(folder.resolve("config.json") + " " + sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'n_embd': | is not valid JSON at line 1, column 11:"
            + " Unexpected end-of-input within/between Object entries",
        "{} {} | is not valid JSON at line 1, column 4: something follows the value",
        "[] | does not hold a JSON object",
        "`` | is empty",
      })
  void refusesWhatIsNoJsonObject(String json, String sentence) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> read(json))
        .withMessage(folder.resolve("config.json") + " " + sentence);
  }

  @Test
  void refusesAFolderWithoutConfig() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> Gpt2Config.read(folder))
        .withMessage(folder.resolve("config.json") + " does not exist");
  }

  /** A later field of the same name wins. */
  private Gpt2Config readWith(String field) throws IOException {
    return read("{" + SIZES + "," + field + "}");
  }

  private Gpt2Config read(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json.replace('\'', '"'));
    return Gpt2Config.read(folder);
  }
}
