package io.github.gpt2server.model.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.testing.Float16;
import io.github.gpt2server.testing.PickleWriter;
import io.github.gpt2server.testing.SafetensorsWriter;
import io.github.gpt2server.testing.ZipWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch wrote, in its forms old and new, and such forms as it seldom writes. */
class TorchFileTest {
  private static final Path FILES = Path.of("src/test/resources/torch");

  @TempDir Path folder;

  /** The files are PyTorch 1.13's of one state dict. */
  @ParameterizedTest
  @ValueSource(strings = {"zip.bin", "zip-protocol-4.bin", "stream.bin"})
  void readsWhatPyTorchWrote(String name) {
    TorchFile file = TorchFile.open(FILES.resolve(name));

    assertThat(file.names())
        .containsExactly(
            "a",
            "b",
            "c",
            "mask",
            "scalar",
            "a_transposed",
            "columns",
            "row",
            "parameter",
            "empty");
    assertTensor(file, "a", DataType.F32, new long[] {2, 3}, 0, 0.5f, 1, 1.5f, 2, 2.5f);
    assertTensor(file, "b", DataType.F16, new long[] {4}, 1, 2.5f, -3, 0);
    assertTensor(file, "c", DataType.BF16, new long[] {2}, 1, -2);
    assertTensor(file, "scalar", DataType.F32, new long[] {}, -10_000);
    assertTensor(file, "a_transposed", DataType.F32, new long[] {3, 2}, 0, 1.5f, 0.5f, 2, 1, 2.5f);
    assertTensor(file, "columns", DataType.F32, new long[] {3, 2}, 1, 2, 5, 6, 9, 10);
    assertTensor(file, "row", DataType.F32, new long[] {4}, 8, 9, 10, 11);
    assertTensor(file, "parameter", DataType.F32, new long[] {2}, 7, 8);
    assertTensor(file, "empty", DataType.F32, new long[] {0, 3});

    assertThat(file.shape("mask")).containsExactly(2, 2);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> file.read("mask"))
        .withMessage(
            "tensor mask in %s is of type BOOL, but weights must be F64, F32, F16 or BF16"
                .formatted(FILES.resolve(name)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> file.read("lost"))
        .withMessage(FILES.resolve(name) + " has no tensor lost");
  }

  @Test
  void readsWhatNewerVersionsWrite() {
    byte[] pickle =
        PickleWriter.protocol2()
            .op("}")
            .string("untyped")
            .global("torch._utils", "_rebuild_tensor_v3")
            .op("((")
            .string("storage")
            .global("torch.storage", "UntypedStorage")
            .string("0")
            .string("cuda:0")
            .number(8)
            .op("tQ")
            .number(1)
            .numbers(1)
            .numbers(1)
            .op(0x89)
            .orderedDict()
            .global("torch", "float32")
            .op("tRs")
            .stop();
    Path file =
        write(zip(pickle, floats(1, 2)).add("x/byteorder", "little".getBytes(US_ASCII)).bytes());
    assertTensor(TorchFile.open(file), "untyped", DataType.F32, new long[] {1}, 2);
  }

  @Test
  void readsSizesAndPositionsOfLargeFiles() {
    Path file =
        write(
            ZipWriter.zip64()
                .add("x/data.pkl", twoByTwo(0, 2, 1))
                .add("x/data/0", floats(1, 2, 3, 4))
                .bytes());
    assertTensor(TorchFile.open(file), "w", DataType.F32, new long[] {2, 2}, 1, 2, 3, 4);
  }

  @Test
  void mapsBytesOfTheFile() throws IOException {
    Path path = write(zip(twoByTwo(0, 1, 2), floats(1, 2, 3, 4)).bytes());
    ByteBuffer data = TorchFile.open(path).read("w").data();
    assertThat(data.isDirect()).isTrue();
    assertThat(data.isReadOnly()).isTrue();
    assertThat(data.limit()).isEqualTo(16);
    TorchFile shortened = TorchFile.open(path);
    Files.write(path, new byte[3]);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> shortened.read("w"))
        .withMessage(path + " changed while it was being read");
  }

  @Test
  void ignoresWhatIsNoTensor() {
    byte[] pickle =
        PickleWriter.protocol2()
            .op("}")
            .string("epoch")
            .number(3)
            .op('s')
            .number(7)
            .string("a tensor would need a name")
            .op('s')
            .string("loss")
            .op('G', 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)
            .op('s')
            .stop();
    assertThat(TorchFile.open(write(zip(pickle).bytes())).names()).isEmpty();
  }

  private Path write(byte[] bytes) {
    return SafetensorsWriter.write(folder.resolve("pytorch_model.bin"), bytes);
  }

  private static ZipWriter zip(byte[] pickle, byte[]... storages) {
    ZipWriter zip = ZipWriter.plain().add("x/data.pkl", pickle);
    for (int i = 0; i < storages.length; i++) {
      zip.add("x/data/" + i, storages[i]);
    }
    return zip;
  }

  private static byte[] twoByTwo(long offset, long... strides) {
    return PickleWriter.protocol2()
        .op("}")
        .string("w")
        .tensor("FloatStorage", "0", 4, offset, new long[] {2, 2}, strides)
        .op('s')
        .stop();
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  private static void assertTensor(
      TorchFile file, String name, DataType dtype, long[] shape, float... values) {
    TensorData tensor = file.read(name);
    assertThat(tensor.dtype()).isEqualTo(dtype);
    assertThat(tensor.shape()).isEqualTo(shape);
    assertThat(file.shape(name)).isEqualTo(shape);
    assertThat(tensor.elementCount()).isEqualTo(values.length);
    List<Float> read = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      long index = 0;
      long rest = i;
      for (int dimension = shape.length - 1; dimension >= 0; dimension--) {
        index += rest % shape[dimension] * tensor.strides()[dimension];
        rest /= shape[dimension];
      }
      read.add(number(tensor, Math.toIntExact(index)));
    }
    assertThat(read).as(name).containsExactly(box(values));
  }

  private static float number(TensorData tensor, int index) {
    ByteBuffer data = tensor.data();
    return switch (tensor.dtype()) {
      case F64 -> (float) data.getDouble(8 * index);
      case F32 -> data.getFloat(4 * index);
      case F16 -> Float16.decode(data.getShort(2 * index));
      case BF16 -> Float.intBitsToFloat(data.getShort(2 * index) << 16);
    };
  }

  private static Float[] box(float... values) {
    Float[] boxed = new Float[values.length];
    for (int i = 0; i < values.length; i++) {
      boxed[i] = values[i];
    }
    return boxed;
  }
}
