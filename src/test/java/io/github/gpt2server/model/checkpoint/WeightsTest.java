package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.testing.Float16;
import io.github.gpt2server.testing.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class WeightsTest {
  /** 5 x 6 + 4 x 6 + 2 blocks of 510 + 2 x 6, counted by hand. */
  private static final long TINY_PARAMETERS = 30 + 24 + 2 * 510 + 12;

  private static final String SHARD_1 = "model-00001-of-00002.safetensors";
  private static final String SHARD_2 = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("model.safetensors");
  }

  private Path index() {
    return folder.resolve("model.safetensors.index.json");
  }

  @Test
  void readsTheEmbeddedModel() {
    Path embedded = Path.of("models/gpt2-fairytales");
    Weights weights = Weights.open(embedded, Gpt2Config.read(embedded));
    assertThat(weights.parameterCount()).isEqualTo(6_407_040);
    assertThat(weights.tiedEmbeddings()).isTrue();
    assertThat(weights.get("wpe.weight").shape()).containsExactly(512, 320);
    assertThat(weights.get("h.3.mlp.c_proj.weight").shape()).containsExactly(1280, 320);
    TensorData bias = weights.get("ln_f.bias");
    assertThat(bias.dtype()).isEqualTo(DataType.F16);
    // Read from the file by numpy.
    assertThat(Float16.decode(bias.data().getShort(0))).isEqualTo(0.02859497f, within(5e-7f));
    assertThat(Float16.decode(bias.data().getShort(638))).isEqualTo(-0.12146f, within(5e-6f));
    TensorData unembedding = weights.get("lm_head.weight");
    assertThat(unembedding.name()).isEqualTo("lm_head.weight");
    assertThat(unembedding.data()).isEqualTo(weights.get("wte.weight").data());
  }

  @Test
  void readsAModelWithPrefixesAndAnUnembeddingOfItsOwn() {
    Path nanoSort = Path.of("src/test/resources/golden/nano-sort");
    Weights weights = Weights.open(nanoSort, Gpt2Config.read(nanoSort));
    // 85,728 numbers are in the file: (346,736 - 8 - 3,816) / 4.
    assertThat(weights.parameterCount()).isEqualTo(85_728);
    assertThat(weights.tiedEmbeddings()).isFalse();
    // Read from the file by numpy.
    TensorData unembedding = weights.get("lm_head.weight");
    assertThat(unembedding.shape()).containsExactly(3, 48);
    assertThat(unembedding.data().getFloat(0)).isEqualTo(0.1318766f, within(1e-7f));
    assertThat(weights.get("h.0.attn.c_attn.weight").data().getFloat(8))
        .isEqualTo(0.0450069f, within(1e-7f));
  }

  @ParameterizedTest
  @EnumSource
  void readsEveryTypeOfFloat(DataType dtype) {
    TinyModel tiny = new TinyModel();
    tiny.write(file(), dtype, tiny.names(), UnaryOperator.identity());
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    assertThat(weights.get("ln_f.weight").dtype()).isEqualTo(dtype);
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS);
  }

  @Test
  void findsEveryTensorUnderItsCanonicalName() {
    TinyModel tiny = new TinyModel();
    tiny.write(file(), DataType.F32, tiny.names(), name -> "transformer." + name);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    for (String name : tiny.names()) {
      assertThat(weights.get(name).name()).isEqualTo(name);
      assertThat(weights.get(name).data().getFloat()).as(name).isEqualTo(tiny.value(name));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> weights.get("h.2.ln_1.bias"))
        .withMessage("no tensor is called h.2.ln_1.bias");
  }

  @Test
  void ignoresBuffersAndOtherTensors() {
    new TinyModel()
        .put("h.0.attn.bias", 1, 1, 4, 4)
        .put("h.0.attn.masked_bias")
        .put("multiple_choice_head.summary.weight", 1, 6)
        .write(folder);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS);
  }

  @Test
  void ignoresAnUnembeddingThatRepeatsTheEmbedding() {
    TinyModel tiny = new TinyModel();
    tiny.put("lm_head.weight", 5, 6).fill("lm_head.weight", tiny.value("wte.weight")).write(folder);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    assertThat(weights.tiedEmbeddings()).isTrue();
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS);
  }

  @Test
  void usesAnUnembeddingThatDiffersFromTheEmbeddingWithAWarning(CapturedOutput output) {
    new TinyModel().put("lm_head.weight", 5, 6).fill("lm_head.weight", 77).write(folder);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    assertThat(weights.tiedEmbeddings()).isFalse();
    assertThat(weights.get("lm_head.weight").data().getFloat()).isEqualTo(77);
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS + 30);
    assertThat(output)
        .contains(
            file()
                + " has an lm_head.weight that differs from wte.weight: it is used, although"
                + " config.json has tie_word_embeddings true");
  }

  @Test
  void needsAnUnembeddingWhereEmbeddingsAreNotTied() {
    new TinyModel().write(folder);
    refused(
        TinyModel.UNTIED,
        file() + " has no tensor lm_head.weight, which config.json asks for with shape [5, 6]");
    new TinyModel().put("lm_head.weight", 5, 6).write(folder);
    Weights weights = Weights.open(folder, TinyModel.UNTIED);
    assertThat(weights.tiedEmbeddings()).isFalse();
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS + 30);
  }

  @Test
  void refusesAMissingTensor() {
    new TinyModel().remove("h.1.mlp.c_fc.bias").write(folder);
    refused(
        TinyModel.CONFIG,
        file() + " has no tensor h.1.mlp.c_fc.bias, which config.json asks for with shape [24]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "transformer."})
  void aTiedModelMayBeSavedUnderTheUnembeddingsName(String prefix) {
    TinyModel tiny = new TinyModel();
    tiny.put("lm_head.weight", 5, 6).fill("lm_head.weight", 9).remove("wte.weight");
    tiny.write(
        file(),
        DataType.F32,
        tiny.names(),
        name -> name.startsWith("lm_head") ? name : prefix + name);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    assertThat(weights.tiedEmbeddings()).isTrue();
    assertThat(weights.get("wte.weight").data().getFloat(0)).isEqualTo(9);
    assertThat(weights.get("lm_head.weight").data().getFloat(0)).isEqualTo(9);
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS);
    refused(
        TinyModel.UNTIED,
        file() + " has no tensor wte.weight, which config.json asks for with shape [5, 6]");
  }

  @Test
  void biasesThatNoBlockHasAreZero(CapturedOutput output) {
    TinyModel tiny = new TinyModel();
    tiny.names().stream().filter(name -> name.endsWith(".bias")).forEach(tiny::remove);
    tiny.write(folder);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    for (String name : List.of("h.0.ln_1.bias", "h.1.attn.c_attn.bias", "ln_f.bias")) {
      TensorData bias = weights.get(name);
      assertThat(bias.name()).isEqualTo(name);
      assertThat(bias.dtype()).isEqualTo(DataType.F32);
      assertThat(bias.shape()).containsExactly(name.contains("attn") ? 18 : 6);
      assertThat(bias.data().limit()).isEqualTo(bias.elementCount() * Float.BYTES);
      for (int i = 0; i < bias.elementCount(); i++) {
        assertThat(bias.data().getFloat(i * Float.BYTES)).isZero();
      }
    }
    // Of a block's 510 numbers 66 are biases, and 6 are ln_f's.
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS - 2 * 66 - 6);
    assertThat(output)
        .contains(
            file()
                + " has no ln_1.bias, attn.c_attn.bias, attn.c_proj.bias, ln_2.bias,"
                + " mlp.c_fc.bias, mlp.c_proj.bias, ln_f.bias: zeros are used");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "F16")
  void namesTheTensorThatHasANumberThatIsNotFinite(DataType dtype) {
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      TinyModel tiny = new TinyModel().fill("h.1.mlp.c_proj.bias", wrong);
      tiny.write(file(), dtype, tiny.names(), name -> "transformer." + name);
      Weights weights = Weights.open(folder, TinyModel.CONFIG);
      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(() -> weights.requireFinite(FiniteCheck.UNKNOWN))
          .withMessage(
              "tensor h.1.mlp.c_proj.bias in %s has infinity or NaN as its number 1 of 6, so the"
                  + " model's logits would not be numbers; convert or train the model again",
              file());
    }
    TinyModel tiny =
        new TinyModel().put("h.0.attn.masked_bias").fill("h.0.attn.masked_bias", Float.NaN);
    tiny.write(file(), dtype, tiny.names(), UnaryOperator.identity());
    Weights.open(folder, TinyModel.CONFIG).requireFinite(FiniteCheck.UNKNOWN);
  }

  @Test
  void looksForOthersOnlyWhereTheFasterCheckDoesNotKnow() {
    TinyModel tiny = new TinyModel().fill("h.1.mlp.c_proj.bias", Float.NaN);
    tiny.write(file(), DataType.F32, tiny.names(), UnaryOperator.identity());
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    List<Long> exponents = new ArrayList<>();

    weights.requireFinite(
        (data, bits) -> {
          exponents.add(bits);
          return true;
        });

    assertThat(exponents).hasSameSizeAs(tiny.names()).containsOnly(0x7f80_0000_7f80_0000L);
  }

  @Test
  void readsATensorAgainThatWasReleased() {
    new TinyModel().write(folder);
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    TensorData tensor = weights.get("wpe.weight");
    byte[] before = new byte[tensor.data().limit()];
    tensor.data().get(before);
    byte[] after = new byte[before.length];

    weights.release(tensor);

    tensor.data().get(after);
    assertThat(after).isEqualTo(before).isNotEqualTo(new byte[before.length]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"wte.weight", "lm_head.weight"})
  void refusesAMisshapenTensor(String name) {
    new TinyModel().put(name, 7, 6).write(folder);
    refused(
        TinyModel.CONFIG,
        "tensor %s in %s has shape [7, 6], but config.json asks for [5, 6]"
            .formatted(name, file()));
  }

  @Test
  void refusesATensorOfAnotherTypeBeforeAnythingIsLoaded() {
    SafetensorsWriter writer = new SafetensorsWriter();
    writer.addBytes("wte.weight", "I8", new long[] {5, 6}, new byte[30]);
    TinyModel tiny = new TinyModel().remove("wte.weight");
    Path rest = folder.resolve("rest.safetensors");
    tiny.write(rest, DataType.F32, tiny.names(), UnaryOperator.identity());
    writer.write(folder.resolve("bytes.safetensors"));
    StringBuilder map = new StringBuilder("\"wte.weight\":\"bytes.safetensors\"");
    tiny.names().forEach(name -> map.append(",\"%s\":\"rest.safetensors\"".formatted(name)));
    TinyModel.writeIndex(folder, map.toString());
    refused(
        TinyModel.CONFIG,
        "tensor wte.weight in %s is of type I8, but weights must be F64, F32, F16 or BF16"
            .formatted(folder.resolve("bytes.safetensors")));
  }

  @Test
  void refusesMoreBlocksThanTheConfigurationCounts() {
    new TinyModel().put("h.2.ln_1.weight", 6).write(folder);
    refused(
        TinyModel.CONFIG, file() + " has tensor h.2.ln_1.weight, but config.json has n_layer 2");
  }

  @Test
  void refusesATensorThatIsThereWithAndWithoutPrefix() {
    new TinyModel().put("transformer.ln_f.bias", 6).write(folder);
    refused(
        TinyModel.CONFIG,
        "tensor ln_f.bias is there twice: as ln_f.bias in %s and as transformer.ln_f.bias in %s"
            .formatted(file(), file()));
  }

  @Test
  void readsShards() {
    TinyModel tiny = new TinyModel();
    tiny.writeShards(folder, "h.1.ln_1.weight");
    Weights weights = Weights.open(folder, TinyModel.CONFIG);
    for (String name : tiny.names()) {
      assertThat(weights.get(name).data().getFloat()).as(name).isEqualTo(tiny.value(name));
    }
    assertThat(weights.parameterCount()).isEqualTo(TINY_PARAMETERS);
  }

  @Test
  void refusesAMissingShard() throws IOException {
    new TinyModel().writeShards(folder, "h.1.ln_1.weight");
    Files.delete(folder.resolve(SHARD_2));
    refused(
        TinyModel.CONFIG,
        index() + " names the file " + SHARD_2 + ", but the folder does not have it");
  }

  @Test
  void refusesShardsThatDisagreeWithTheirIndex() {
    new TinyModel().remove("h.1.ln_2.bias").writeShards(folder, "h.1.ln_1.weight");
    refused(
        TinyModel.CONFIG,
        index() + " has no tensor h.1.ln_2.bias, which config.json asks for with shape [6]");
    TinyModel.writeIndex(folder, "\"h.1.ln_2.bias\":\"" + SHARD_1 + "\"");
    refused(
        TinyModel.CONFIG,
        index() + " says that tensor h.1.ln_2.bias is in " + SHARD_1 + ", but it is not");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x.safetensors", "/x.safetensors", "..", "x.bin", ""})
  void refusesAnIndexThatLeadsOutOfTheFolder(String shard) {
    TinyModel.writeIndex(folder, "\"wte.weight\":\"" + shard + "\"");
    refused(
        TinyModel.CONFIG,
        "%s names a file %s, but weights must lie beside it in files called *.safetensors"
            .formatted(index(), shard));
  }

  @Test
  void refusesAnIndexWithoutMap() throws IOException {
    Files.writeString(index(), "{\"weight_map\":[]}");
    refused(TinyModel.CONFIG, index() + " has no weight_map that names the files of the weights");
    Files.writeString(index(), "{\"weight_map\":{}}");
    refused(
        TinyModel.CONFIG,
        index() + " has no tensor wte.weight, which config.json asks for with shape [5, 6]");
  }

  @Test
  void prefersTheSingleFile() {
    TinyModel tiny = new TinyModel();
    tiny.write(folder);
    TinyModel.writeIndex(folder, "\"wte.weight\":\"lost.safetensors\"");
    assertThat(Weights.open(folder, TinyModel.CONFIG).parameterCount()).isEqualTo(TINY_PARAMETERS);
  }

  @Test
  void refusesAFolderWithoutWeights() {
    refused(TinyModel.CONFIG, file() + " does not exist");
  }

  @Test
  void namesTheFileThatIsNotValid() {
    TinyModel tiny = new TinyModel();
    tiny.writeShards(folder, "h.1.ln_1.weight");
    SafetensorsWriter.write(folder.resolve(SHARD_1), new byte[3]);
    refused(
        TinyModel.CONFIG,
        folder.resolve(SHARD_1) + " is not a valid safetensors file: it has only 3 bytes");
    tiny.write(folder.resolve(SHARD_1), DataType.F32, List.of(), UnaryOperator.identity());
    refused(
        TinyModel.CONFIG,
        index() + " says that tensor transformer.wte.weight is in " + SHARD_1 + ", but it is not");
  }

  private void refused(Gpt2Config config, String sentence) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> Weights.open(folder, config))
        .withMessage(sentence);
  }
}
