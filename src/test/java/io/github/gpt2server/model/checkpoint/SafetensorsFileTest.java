package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.testing.Float16;
import io.github.gpt2server.testing.SafetensorsWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales/model.safetensors");
  private static final Path NANO_SORT =
      Path.of("src/test/resources/golden/nano-sort/model.safetensors");

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void name() {
    path = folder.resolve("x.safetensors");
  }

  @Test
  void readsTheEmbeddedModel() {
    SafetensorsFile file = SafetensorsFile.open(EMBEDDED);
    assertThat(file.path()).isEqualTo(EMBEDDED);
    assertThat(file.names())
        .hasSize(52)
        .startsWith("wte.weight", "wpe.weight", "h.0.ln_1.weight")
        .endsWith("ln_f.weight", "ln_f.bias");
    TensorData tensor = file.read("h.0.attn.c_attn.weight");
    assertThat(tensor.name()).isEqualTo("h.0.attn.c_attn.weight");
    assertThat(tensor.dtype()).isEqualTo(DataType.F16);
    assertThat(tensor.shape()).containsExactly(320, 960);
    assertThat(tensor.elementCount()).isEqualTo(320 * 960);
    ByteBuffer data = tensor.data();
    assertThat(data.isDirect()).isTrue();
    assertThat(data.isReadOnly()).isTrue();
    assertThat(data.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(data.remaining()).isEqualTo(320 * 960 * 2);
    // Read from the file by numpy.
    assertThat(Float16.decode(data.getShort(0))).isEqualTo(0.022995f, within(5e-7f));
    assertThat(Float16.decode(data.getShort(2))).isEqualTo(0.0042572f, within(5e-8f));
    assertThat(Float16.decode(data.getShort(4))).isEqualTo(-0.02153015f, within(5e-7f));
    assertThat(Float16.decode(data.getShort(data.limit() - 2)))
        .isEqualTo(-0.001888f, within(5e-7f));
  }

  @Test
  void readsFloat32() {
    TensorData tensor = SafetensorsFile.open(NANO_SORT).read("transformer.wte.weight");
    assertThat(tensor.dtype()).isEqualTo(DataType.F32);
    assertThat(tensor.shape()).containsExactly(3, 48);
    // Read from the file by numpy.
    FloatBuffer floats = tensor.data().asFloatBuffer();
    assertThat(floats.get(0)).isEqualTo(0.05984092f, within(1e-8f));
    assertThat(floats.get(143)).isEqualTo(-0.0014912658f, within(1e-10f));
  }

  @Test
  void readsEveryTypeOfFloat() {
    float[] values = {1, -0.5f, 3.25f, 0};
    SafetensorsWriter writer = new SafetensorsWriter().metadata();
    for (DataType dtype : DataType.values()) {
      writer.add(dtype.name(), dtype, new long[] {2, 2}, values);
    }
    SafetensorsFile file = SafetensorsFile.open(writer.write(path));
    for (int i = 0; i < values.length; i++) {
      assertThat(file.read("F64").data().getDouble(8 * i)).isEqualTo(values[i]);
      assertThat(file.read("F32").data().getFloat(4 * i)).isEqualTo(values[i]);
      assertThat(Float16.decode(file.read("F16").data().getShort(2 * i))).isEqualTo(values[i]);
      assertThat(Float.intBitsToFloat(file.read("BF16").data().getShort(2 * i) << 16))
          .isEqualTo(values[i]);
    }
  }

  @Test
  void givesEveryCallerAPositionOfItsOwn() {
    TensorData tensor = SafetensorsFile.open(NANO_SORT).read("lm_head.weight");
    tensor.data().getFloat();
    assertThat(tensor.data().position()).isZero();
    assertThat(tensor.elementCount()).isEqualTo(144);
  }

  @Test
  void acceptsScalarsEmptyTensorsUnknownFieldsAndPadding() {
    String header =
        "{"
            + SafetensorsWriter.entry("empty", "F32", "[0,7]", 0, 0)
            + ","
            + SafetensorsWriter.entry("scalar", "F32", "[]", 0, 4)
            + ",\"odd\":{\"dtype\":\"F4\",\"new\":[{}],\"shape\":[3],\"data_offsets\":[4,6]}"
            + "}   ";
    SafetensorsWriter.write(path, SafetensorsWriter.file(header, new byte[6]));
    SafetensorsFile file = SafetensorsFile.open(path);
    assertThat(file.names()).containsExactly("empty", "scalar", "odd");
    assertThat(file.read("scalar").shape()).isEmpty();
    assertThat(file.read("scalar").elementCount()).isEqualTo(1);
    assertThat(file.read("empty").elementCount()).isZero();
  }

  @Test
  void refusesOtherTypesOnlyWhenTheyAreRead() {
    new SafetensorsWriter()
        .addBytes("ids", "I64", new long[] {2}, new byte[16])
        .addBytes("mask", "BOOL", new long[] {3}, new byte[3])
        .write(path);
    SafetensorsFile file = SafetensorsFile.open(path);
    assertThat(file.shape("mask")).containsExactly(3);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> file.read("ids"))
        .withMessage(
            "tensor ids in %s is of type I64, but weights must be F64, F32, F16 or BF16", path);
  }

  @Test
  void refusesATensorOf2GbButReadsItsNeighborBeyondThem() throws IOException {
    long large = 1L << 31;
    String header =
        "{%s,%s}"
            .formatted(
                SafetensorsWriter.entry("large", "F32", "[536870912]", 0, large),
                SafetensorsWriter.entry("small", "F32", "[1]", large, large + 4));
    byte[] start = SafetensorsWriter.file(header, new byte[0]);
    SafetensorsWriter.write(path, start);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.seek(start.length + large);
      sparse.writeInt(Integer.reverseBytes(Float.floatToIntBits(1.5f)));
    }
    SafetensorsFile file = SafetensorsFile.open(path);
    assertThat(file.read("small").data().getFloat()).isEqualTo(1.5f);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> file.read("large"))
        .withMessage(
            "tensor large in %s has 2147483648 bytes, but a single tensor may have at most"
                + " 2147483647",
            path);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "93, 93",
    "100000001, 100000001",
    "9223372036854775807, 9223372036854775807",
    "-1, 18446744073709551615",
    "-9223372036854775808, 9223372036854775808"
  })
  void refusesAHeaderLengthThatCannotBe(long length, String shown) {
    byte[] file =
        SafetensorsWriter.file(length, "{}".getBytes(StandardCharsets.UTF_8), new byte[90]);
    refused(file, "its header would have " + shown + " bytes, and the file has 100");
  }

  @Test
  void refusesAHeaderAboveTheFormatsLimitWithoutReadingIt() throws IOException {
    SafetensorsWriter.write(path, SafetensorsWriter.file(100_000_001, new byte[0], new byte[0]));
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(200_000_000);
    }
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> SafetensorsFile.open(path))
        .withMessage(
            "%s is not a valid safetensors file: its header has 100000001 bytes, and the format"
                + " allows 100000000",
            path);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7})
  void refusesAFileShorterThanALength(int bytes) {
    refused(new byte[bytes], "it has only " + bytes + " bytes");
  }

  @Test
  void refusesATruncatedFile() {
    byte[] whole =
        new SafetensorsWriter()
            .add("a", DataType.F32, new long[] {2}, 1, 2)
            .add("b", DataType.F32, new long[] {1}, 3)
            .bytes();
    SafetensorsWriter.write(path, Arrays.copyOf(whole, whole.length - 3));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> SafetensorsFile.open(path))
        .withMessage(
            "%s is cut short: tensor b ends at byte 12 of the data, but only 9 bytes are there",
            path);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "not JSON | its header is not valid JSON",
        "{'a':{ | its header is not valid JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}"
            + " | tensor a is listed twice",
        "{'a':{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}}"
            + " | tensor a has shape twice",
        "[] | its header is not a JSON object",
        "{} {} | its header goes on after the JSON object",
        "{} | bytes 0 to 8 of the data belong to no tensor",
        "{'a':3} | tensor a is not described by a JSON object",
        "{'a':{'dtype':'F32','shape':[2]}}"
            + " | tensor a lacks its dtype, its shape or its two data_offsets",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0]}}"
            + " | tensor a lacks its dtype, its shape or its two data_offsets",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8,9]}}"
            + " | data_offsets of tensor a has more than 2 numbers",
        "{'a':{'dtype':3,'shape':[2],'data_offsets':[0,8]}} | dtype of tensor a is not a string",
        "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} | shape of tensor a is not an array",
        "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}"
            + " | shape of tensor a holds -2, which is not a size",
        "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}"
            + " | shape of tensor a holds 2.0, which is not a size",
        "{'a':{'dtype':'F32','shape':[18446744073709551618],'data_offsets':[0,8]}}"
            + " | shape of tensor a holds 18446744073709551618, which is not a size",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}"
            + " | tensor a of shape [4294967296, 4294967296] is larger than any file",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}"
            + " | tensor a of type F32 and shape [3] needs 12 bytes, but its data_offsets span 8",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}"
            + " | tensor a ends at byte 0, before it begins at byte 8",
        "{'a':{'dtype':'F16','shape':[3],'data_offsets':[0,6]},"
            + "'b':{'dtype':'F16','shape':[2],'data_offsets':[4,8]}}"
            + " | tensor b begins at byte 4 of the data, inside the tensor before it,"
            + " which ends at byte 6",
        "{'a':{'dtype':'F16','shape':[1],'data_offsets':[0,2]},"
            + "'b':{'dtype':'F16','shape':[2],'data_offsets':[4,8]}}"
            + " | bytes 2 to 4 of the data belong to no tensor",
        "{'a':{'dtype':'F16','shape':[3],'data_offsets':[0,6]}}"
            + " | bytes 6 to 8 of the data belong to no tensor",
      })
  void refusesAHeaderThatContradictsItself(String header, String reason) {
    refused(SafetensorsWriter.file(header.replace('\'', '"'), new byte[8]), reason);
  }

  @Test
  void refusesEndlessDimensions() {
    String shape = "[" + "1,".repeat(64) + "1]";
    refused(
        SafetensorsWriter.file(
            "{" + SafetensorsWriter.entry("a", "F32", shape, 0, 4) + "}", new byte[4]),
        "shape of tensor a has more than 64 numbers");
  }

  @Test
  void showsOddNamesInOneLineOfBoundedLength() {
    refused(
        SafetensorsWriter.file("{\"a\\nb" + "x".repeat(10_000) + "\":1}", new byte[0]),
        "tensor a?b" + "x".repeat(77) + "... is not described by a JSON object");
  }

  @Test
  void saysThatAGitLfsPointerIsNotTheWeights() throws IOException {
    Files.writeString(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> SafetensorsFile.open(path))
        .withMessage(
            "%s holds a Git LFS pointer instead of weights: fetch the file with git lfs pull",
            path);
  }

  @Test
  void refusesAMissingFile() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> SafetensorsFile.open(path))
        .withMessage("%s does not exist", path);
  }

  @Test
  void refusesAFileThatShrankSinceItWasOpened() {
    byte[] bytes = new SafetensorsWriter().add("a", DataType.F32, new long[] {2}, 1, 2).bytes();
    SafetensorsWriter.write(path, bytes);
    SafetensorsFile file = SafetensorsFile.open(path);
    SafetensorsWriter.write(path, Arrays.copyOf(bytes, bytes.length - 4));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> file.read("a"))
        .withMessage("%s changed while it was being read", path);
  }

  private void refused(byte[] file, String reason) {
    SafetensorsWriter.write(path, file);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> SafetensorsFile.open(path))
        .withMessage(path + " is not a valid safetensors file: " + reason);
  }
}
