package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.SafetensorsFile;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.testing.PickleWriter;
import io.github.gpt2server.testing.SafetensorsWriter;
import io.github.gpt2server.testing.ZipWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Writes the weights of a folder's {@code model.safetensors} in other layouts. */
public final class OtherLayouts {
  private final SafetensorsFile file;

  /** Opens the weights. */
  public OtherLayouts(Path folder) {
    this.file = SafetensorsFile.open(folder.resolve("model.safetensors"));
  }

  /** Writes {@code pytorch_model.bin}, its tensors named as with a head. */
  public void pickle(Path folder) {
    PickleWriter pickle = PickleWriter.protocol2().orderedDict().op("(");
    ZipWriter zip = ZipWriter.plain();
    int key = 0;
    for (String name : file.names()) {
      TensorData tensor = file.read(name);
      String storage = tensor.dtype() == DataType.F16 ? "HalfStorage" : "FloatStorage";
      pickle
          .string("transformer." + name.replaceFirst("^transformer\\.", ""))
          .tensor(
              storage,
              String.valueOf(key),
              tensor.elementCount(),
              0,
              tensor.shape(),
              tensor.strides());
      zip.add("archive/data/" + key++, bytes(tensor));
    }
    zip.add("archive/data.pkl", pickle.op("u").stop());
    SafetensorsWriter.write(folder.resolve("pytorch_model.bin"), zip.bytes());
  }

  /** Writes two shards of safetensors and their index. */
  public void shards(Path folder) {
    List<String> names = List.copyOf(file.names());
    StringBuilder map = new StringBuilder();
    for (int shard = 1; shard <= 2; shard++) {
      String name = "model-0000%d-of-00002.safetensors".formatted(shard);
      int half = names.size() / 2;
      SafetensorsWriter writer = new SafetensorsWriter().metadata();
      for (String tensor :
          shard == 1 ? names.subList(0, half) : names.subList(half, names.size())) {
        TensorData data = file.read(tensor);
        writer.addBytes(tensor, data.dtype().name(), data.shape(), bytes(data));
        map.append(map.isEmpty() ? "" : ",").append("\"%s\":\"%s\"".formatted(tensor, name));
      }
      writer.write(folder.resolve(name));
    }
    SafetensorsWriter.write(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{%s}}".formatted(map).getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(TensorData tensor) {
    ByteBuffer data = tensor.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return bytes;
  }
}
