package io.github.gpt2server.model.torch;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs a TorchScript program, which is text, into the archive that libtorch loads: a zip of stored
 * entries with the code, the module's attributes as a pickle (protocol 2) and a version. See
 * "TorchScript serialization" in PyTorch's documentation.
 */
final class TorchScriptArchive {
  /** libtorch 2.7 refuses 11; 3 and 6 lack keyword arguments that the program uses. */
  private static final String VERSION = "10\n";

  private static final byte[] EMPTY_TUPLE_PICKLE = {(byte) 0x80, 2, ')', '.'};

  private TorchScriptArchive() {}

  /**
   * Packs a program whose module class is {@code __torch__.Gpt2}.
   *
   * @param code the TorchScript text
   * @param attributes the module's attributes: null, Boolean, Integer, Double, String, a list of
   *     Doubles, {@link #NO_TENSORS} or {@link #NO_TUPLES}
   */
  static byte[] pack(String code, Map<String, Object> attributes) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "data.pkl", pickle(attributes));
      add(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
      add(zip, "constants.pkl", EMPTY_TUPLE_PICKLE);
      add(zip, "version", VERSION.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Stands for an empty {@code List[Tensor]}, which the program fills. */
  static final Object NO_TENSORS = new Object();

  /** Stands for an empty list of tuples, which the program fills. */
  static final Object NO_TUPLES = new Object();

  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry("gpt2/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** The module object: its class, no constructor arguments, and a dict of attributes as state. */
  private static byte[] pickle(Map<String, Object> attributes) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(new byte[] {(byte) 0x80, 2});
    out.writeBytes("c__torch__\nGpt2\n)");
    out.write(0x81);
    out.writeBytes("}(");
    for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
      writeString(out, attribute.getKey());
      writeValue(out, attribute.getValue());
    }
    out.writeBytes("ub.");
    return bytes.toByteArray();
  }

  private static void writeValue(DataOutputStream out, Object value) throws IOException {
    if (value == null) {
      out.write('N');
    } else if (value == NO_TENSORS) {
      writeTypedList(out, "build_tensorlist", List.of());
    } else if (value == NO_TUPLES) {
      out.write(']');
    } else if (value instanceof Boolean flag) {
      out.write(flag ? 0x88 : 0x89);
    } else if (value instanceof Integer number) {
      out.write('J');
      out.writeInt(Integer.reverseBytes(number));
    } else if (value instanceof Double number) {
      out.write('G');
      out.writeDouble(number);
    } else if (value instanceof String text) {
      writeString(out, text);
    } else if (value instanceof List<?> numbers) {
      writeTypedList(out, "build_doublelist", numbers);
    } else {
      throw new IllegalArgumentException("no pickle for " + value.getClass());
    }
  }

  private static void writeTypedList(DataOutputStream out, String builder, List<?> items)
      throws IOException {
    out.writeBytes("ctorch.jit._pickle\n" + builder + "\n](");
    for (Object item : items) {
      writeValue(out, item);
    }
    out.write('e');
    out.write(0x85);
    out.write('R');
  }

  private static void writeString(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeInt(Integer.reverseBytes(utf8.length));
    out.write(utf8);
  }
}
