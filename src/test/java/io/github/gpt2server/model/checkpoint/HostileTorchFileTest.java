package io.github.gpt2server.model.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.testing.PickleWriter;
import io.github.gpt2server.testing.SafetensorsWriter;
import io.github.gpt2server.testing.ZipWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that want more than to be read as tensors: each is refused, with one sentence. */
class HostileTorchFileTest {
  private static final int ALLOWED_BYTES = 1 << 18;

  @TempDir Path folder;

  static Stream<Arguments> picklesThatWantMore() {
    return Stream.of(
        pickle(
            "a call of os.system",
            PickleWriter.protocol2()
                .global("posix", "system")
                .op("(")
                .string("touch /tmp/x")
                .op("tR")
                .stop(),
            "its pickle asks for posix.system, which no weights need"),
        pickle(
            "a call of builtins.eval by protocol 4",
            new PickleWriter()
                .op(0x80, 4, 0x8c, 8)
                .op("builtins")
                .op(0x8c, 4)
                .op("eval")
                .op(0x93)
                .string("1")
                .op(0x85)
                .op("R")
                .stop(),
            "its pickle asks for builtins.eval, which no weights need"),
        pickle(
            "PyTorch's own function that unpickles bytes",
            PickleWriter.protocol2().global("torch.storage", "_load_from_bytes").stop(),
            "its pickle asks for torch.storage._load_from_bytes, which no weights need"),
        pickle(
            "a class of this program",
            PickleWriter.protocol2().global("java.lang", "Runtime").stop(),
            "its pickle asks for java.lang.Runtime, which no weights need"),
        pickle(
            "a name reached through a module that is allowed",
            new PickleWriter()
                .string("torch._utils")
                .string("_rebuild_tensor_v2.__globals__")
                .op(0x93)
                .stop(),
            "its pickle asks for torch._utils._rebuild_tensor_v2.__globals__, which no weights"
                + " need"),
        pickle(
            "a name that is no string",
            new PickleWriter().number(1).number(2).op(0x93).stop(),
            "its pickle requests a global without a name"),
        pickle(
            "a name of many lines and letters",
            PickleWriter.protocol2().global("a\u0007" + "b".repeat(100_000), "c").stop(),
            "its pickle asks for a?" + "b".repeat(78) + "..., which no weights need"),
        pickle(
            "NEWOBJ",
            PickleWriter.protocol2().global("collections", "OrderedDict").op(")").op(0x81).stop(),
            "its pickle has the instruction 0x81, which no weights need"),
        pickle(
            "NEWOBJ_EX",
            PickleWriter.protocol2().op(")}").op(0x92).stop(),
            "its pickle has the instruction 0x92, which no weights need"),
        pickle(
            "INST",
            PickleWriter.protocol2().op("(ios\nsystem\n").stop(),
            "its pickle has the instruction 0x69, which no weights need"),
        pickle(
            "OBJ",
            PickleWriter.protocol2().op("(").global("torch", "FloatStorage").op("o").stop(),
            "its pickle has the instruction 0x6f, which no weights need"),
        pickle(
            "EXT1",
            PickleWriter.protocol2().op(0x82, 1).stop(),
            "its pickle has the instruction 0x82, which no weights need"),
        pickle(
            "EXT4",
            PickleWriter.protocol2().op(0x84, 1, 0, 0, 0).stop(),
            "its pickle has the instruction 0x84, which no weights need"),
        pickle(
            "PERSID",
            PickleWriter.protocol2().op("P../../etc/passwd\n").stop(),
            "its pickle has the instruction 0x50, which no weights need"),
        pickle(
            "NEXT_BUFFER",
            PickleWriter.protocol2().op(0x97).stop(),
            "its pickle has the instruction 0x97, which no weights need"),
        pickle(
            "LONG4 of 2 GB",
            PickleWriter.protocol2().op(0x8b, 0xff, 0xff, 0xff, 0x7f).stop(),
            "its pickle has the instruction 0x8b, which no weights need"),
        pickle(
            "BUILD of a tensor",
            PickleWriter.protocol2()
                .tensor("FloatStorage", "0", 0, 0, new long[] {0}, new long[] {1})
                .op("}b")
                .stop(),
            "its pickle sets attributes of something that is not a dictionary"),
        pickle(
            "BUILD with state that is no dictionary",
            PickleWriter.protocol2().orderedDict().string("state").op("b").stop(),
            "its pickle sets attributes of something that is not a dictionary"),
        pickle(
            "a call of a tensor",
            PickleWriter.protocol2().op("})R").stop(),
            "its pickle calls something that is not a function"),
        pickle(
            "a call of a type",
            PickleWriter.protocol2().global("torch", "FloatStorage").op(")R").stop(),
            "its pickle calls something that is not a function"),
        pickle(
            "a call with arguments that are no tuple",
            PickleWriter.protocol2().global("collections", "OrderedDict").op("}R").stop(),
            "its pickle calls something that is not a function"),
        pickle(
            "a call with too few arguments",
            PickleWriter.protocol2().global("torch._utils", "_rebuild_tensor_v2").op(")R").stop(),
            "its pickle calls _rebuild_tensor_v2 with arguments that do not fit"),
        pickle(
            "a parameter of no tensor",
            PickleWriter.protocol2()
                .global("torch._utils", "_rebuild_parameter")
                .op(")")
                .op(0x89)
                .op(")")
                .op(0x87)
                .op("R")
                .stop(),
            "its pickle calls _rebuild_parameter with arguments that do not fit"),
        pickle(
            "a later protocol",
            new PickleWriter().op(0x80, 6).stop(),
            "its pickle is of protocol 6, and only those up to 5 are known"));
  }

  static Stream<Arguments> picklesThatAreBroken() {
    return Stream.of(
        pickle(
            "a string of 4 GB",
            PickleWriter.protocol2().op("X").op(0xff, 0xff, 0xff, 0xff).stop(),
            "its pickle ends in the middle"),
        pickle(
            "a string of 2^64 - 1 bytes",
            PickleWriter.protocol2().op(0x8d).littleEndian(-1, 8).stop(),
            "its pickle ends in the middle"),
        pickle("no end", PickleWriter.protocol2().op("}").bytes(), "its pickle ends in the middle"),
        pickle("nothing", new byte[0], "its pickle ends in the middle"),
        pickle(
            "a name without end",
            PickleWriter.protocol2().op("cos\nsystem").bytes(),
            "its pickle ends in the middle"),
        pickle(
            "an empty stack",
            PickleWriter.protocol2().stop(),
            "its pickle takes a value from an empty stack"),
        pickle(
            "a value below a mark",
            PickleWriter.protocol2().op("}(").string("a").op("s").stop(),
            "its pickle takes a value from an empty stack"),
        pickle(
            "a mark that is not there",
            PickleWriter.protocol2().op("t").stop(),
            "its pickle goes back to a missing mark"),
        pickle(
            "a memo that is empty",
            PickleWriter.protocol2().op("j").op(0xff, 0xff, 0xff, 0xff).stop(),
            "its pickle recalls entry 4294967295 of its memo, which is empty"),
        pickle(
            "an odd number of keys and values",
            PickleWriter.protocol2().op("}(").string("a").op("u").stop(),
            "its pickle sets entries of something that is not a dictionary"),
        pickle(
            "entries of a tuple",
            PickleWriter.protocol2().op("))").op(")s").stop(),
            "its pickle sets entries of something that is not a dictionary"),
        pickle(
            "appending to a tuple",
            PickleWriter.protocol2().op("))a").stop(),
            "its pickle appends to something that is not a list"),
        pickle(
            "a million lists within each other",
            PickleWriter.protocol2().op("]".repeat(200_000) + "a".repeat(199_999)).stop(),
            "its pickle has more than 300000 instructions"),
        pickle(
            "a key that nests deeply",
            PickleWriter.protocol2().op("})").op(repeat(0x85, 100_000)).op("Ns").stop(),
            "its pickle has a dictionary whose keys are neither strings nor whole numbers"),
        pickle(
            "a list that holds itself, as the state",
            PickleWriter.protocol2().op("]").op('q', 0, 'h', 0, 'a').stop(),
            "its pickle does not hold a dictionary of tensors"),
        pickle(
            "ten lists of ten lists of ten lists and so on",
            memoBomb(),
            "its pickle does not hold a dictionary of tensors"),
        pickle(
            "a call for ever",
            PickleWriter.protocol2()
                .global("collections", "OrderedDict")
                .op('q', 0)
                .op("h\0)R".repeat(100_000))
                .stop(),
            "its pickle has more than 300000 instructions"));
  }

  static Stream<Arguments> tensorsThatCannotBe() {
    return Stream.of(
        tensor("a negative offset", 4, -1, longs(2), longs(1), "none may be negative"),
        tensor("a negative stride", 4, 3, longs(2), longs(-1), "none may be negative"),
        tensor("a negative size", 4, 0, longs(-2), longs(1), "none may be negative"),
        tensor("an end outside its storage", 4, 3, longs(2), longs(1), "does not fit its storage"),
        tensor("an offset at its end", 4, 4, longs(), longs(), "does not fit its storage"),
        tensor(
            "a stride out of it",
            4,
            0,
            longs(2),
            longs(Long.MAX_VALUE),
            "does not fit its storage"),
        tensor(
            "sizes that overflow",
            4,
            0,
            longs(1L << 32, 1L << 32),
            longs(1, 1),
            "does not fit its storage"),
        tensor(
            "an offset that overflows",
            4,
            Long.MAX_VALUE,
            longs(2),
            longs(1),
            "does not fit its storage"),
        tensor(
            "one number repeated a million times",
            4,
            0,
            longs(1_000_000),
            longs(0),
            "does not fit its storage of 4 numbers"),
        tensor(
            "fewer strides than sizes", 4, 0, longs(2, 2), longs(1), "2 dimensions and 1 strides"),
        tensor(
            "nine dimensions",
            4,
            0,
            longs(1, 1, 1, 1, 1, 1, 1, 1, 1),
            longs(1, 1, 1, 1, 1, 1, 1, 1, 1),
            "shape or strides are not up to 8 numbers"),
        tensor(
            "a storage beyond the file",
            1_000_000_000,
            0,
            longs(4),
            longs(1),
            "storage 0 has 4000000000 bytes in its pickle and 16 in its zip directory"),
        tensor("a storage of -1 numbers", -1, 0, longs(0), longs(1), "a storage has -1 numbers"),
        tensor(
            "a storage of 2^62 numbers",
            1L << 62,
            0,
            longs(4),
            longs(1),
            "a storage has 4611686018427387904 numbers"),
        pickle(
            "a storage that is not there",
            PickleWriter.protocol2()
                .tensor("FloatStorage", "../0", 4, 0, longs(4), longs(1))
                .stop(),
            "storage ../0 has 16 bytes in its pickle and is not in its zip directory"),
        pickle(
            "a storage described in two ways",
            PickleWriter.protocol2()
                .tensor("FloatStorage", "0", 4, 0, longs(4), longs(1))
                .tensor("HalfStorage", "0", 8, 0, longs(4), longs(1))
                .stop(),
            "its pickle describes storage 0 in two ways"),
        pickle(
            "a persistent id that is no storage",
            PickleWriter.protocol2().string("/etc/passwd").op("Q").stop(),
            "its pickle has a persistent id that is not a storage"),
        pickle(
            "a tensor of no storage",
            PickleWriter.protocol2()
                .global("torch._utils", "_rebuild_tensor")
                .op("(NK\0))tR")
                .stop(),
            "its pickle builds a tensor without a storage"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"picklesThatWantMore", "picklesThatAreBroken", "tensorsThatCannotBe"})
  void refusesThePickle(String kind, byte[] pickle, String reason) {
    byte[] zip = ZipWriter.plain().add("x/data.pkl", pickle).add("x/data/0", new byte[16]).bytes();
    assertRefused(zip, reason);
  }

  static Stream<Arguments> archives() throws IOException {
    byte[] empty = PickleWriter.protocol2().op("}").stop();
    byte[] good = ZipWriter.plain().add("x/data.pkl", empty).bytes();
    return Stream.of(
        pickle("no pickle", ZipWriter.plain().bytes(), "its beginning is not that of such a file"),
        pickle(
            "another zip file",
            ZipWriter.plain().add("x/constants.pkl", empty).bytes(),
            "its zip directory has 0 entries NAME/data.pkl instead of one"),
        pickle(
            "two pickles",
            ZipWriter.plain().add("x/data.pkl", empty).add("y/data.pkl", empty).bytes(),
            "its zip directory has 2 entries NAME/data.pkl instead of one"),
        pickle(
            "a name twice",
            ZipWriter.plain().add("x/data.pkl", empty).add("x/data.pkl", empty).bytes(),
            "its zip directory has x/data.pkl twice"),
        pickle(
            "a name that leads upwards",
            ZipWriter.plain().add("x/data.pkl", empty).add("x/../../etc/passwd").bytes(),
            "its zip directory has the name x/../../etc/passwd, which leads out of the archive"),
        pickle(
            "a name that leads to the root",
            ZipWriter.plain().add("/data.pkl", empty).bytes(),
            "its zip directory has the name /data.pkl, which leads out of the archive"),
        pickle(
            "a name with backslashes",
            ZipWriter.plain().add("x\\data.pkl", empty).bytes(),
            "its zip directory has the name x\\data.pkl, which leads out of the archive"),
        pickle(
            "a name of 2,000 letters",
            ZipWriter.plain().add("x".repeat(2_000), empty).bytes(),
            "its zip directory has a name of 2000 bytes"),
        pickle("compressed zeros", bomb(), "its entry x/data.pkl is compressed or encrypted"),
        pickle(
            "an encrypted entry",
            ZipWriter.plain().add("x/data.pkl", 1, 0, 1, 1, 0, (byte) 0).bytes(),
            "its entry x/data.pkl is compressed or encrypted"),
        pickle(
            "an entry that grows",
            ZipWriter.plain().add("x/data.pkl", 0, 0, 1_000_000, 1, 0, (byte) 0).bytes(),
            "its entry x/data.pkl has 1000000 bytes, but 1 when stored"),
        pickle(
            "an entry beyond the file",
            ZipWriter.plain().add("x/data.pkl", 0, 0, 1_000, 1_000, 0, (byte) 0).bytes(),
            "its entry x/data.pkl would be 1000 bytes from byte 47 on, where there are 1"),
        pickle(
            "an entry of 2^64 - 1 bytes",
            ZipWriter.zip64().add("x/data.pkl", 0, 0, -1, -1, 0, (byte) 0).bytes(),
            "its entry x/data.pkl would be 18446744073709551615 bytes from byte 47 on, where there"
                + " are 1"),
        pickle(
            "an entry at a negative position",
            ZipWriter.zip64().add("x/data.pkl", 0, 0, 1, 1, -9, (byte) 0).bytes(),
            "a part of its zip directory would be 30 bytes from byte 18446744073709551607 on, where"
                + " there are 48"),
        pickle(
            "an entry that begins nowhere",
            ZipWriter.plain().add("x/data.pkl", 0, 0, 1, 1, 3, new byte[9]).bytes(),
            "its zip directory lacks the start of x/data.pkl"),
        pickle(
            "entries within each other",
            ZipWriter.plain()
                .add("x/data.pkl", empty)
                .add("x/data/0", 0, 0, 4, 4, -(47 + empty.length - 2), new byte[4])
                .bytes(),
            "its zip directory lacks the start of x/data/0"),
        pickle(
            "one stretch under two names",
            ZipWriter.plain()
                .add("x/data/a", 0, 0, 8, 8, 0, new byte[8])
                .add("x/data/b", 0, 0, 8, 8, -(30 + 8 + 7 + 8), new byte[8])
                .bytes(),
            "its entry x/data/b lies inside another"),
        pickle(
            "more entries than there are",
            ZipWriter.plain().add("x/data.pkl", empty).bytes(5),
            "a part of its zip directory would be 46 bytes from byte 107 on, where there are 0"),
        pickle(
            "2^63 entries",
            ZipWriter.zip64().add("x/data.pkl", empty).bytes(Long.MIN_VALUE),
            "its zip directory has 9223372036854775808 entries, and only 100000 are allowed"),
        pickle(
            "no end",
            Arrays.copyOf(good, good.length - 1),
            "its zip directory lacks an end: the file is cut short or something follows"),
        pickle(
            "something behind the end",
            Arrays.copyOf(good, good.length + 1),
            "its zip directory lacks an end: the file is cut short or something follows"),
        pickle(
            "numbers in another byte order",
            ZipWriter.plain()
                .add("x/data.pkl", empty)
                .add("x/byteorder", "big".getBytes(US_ASCII))
                .bytes(),
            "its numbers are in byte order big, and only little is supported"),
        pickle(
            "a tar file",
            "pytorch_model/".repeat(40).getBytes(US_ASCII),
            "its beginning is not that of such a file"),
        pickle("five bytes", new byte[5], "it has only 5 bytes"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("archives")
  void refusesTheArchive(String kind, byte[] file, String reason) {
    assertRefused(file, reason);
  }

  static Stream<Arguments> streams() {
    byte[] tensor =
        PickleWriter.protocol2()
            .op("}")
            .string("w")
            .tensor("FloatStorage", "7", 1, 0, longs(1), longs(1))
            .op("s")
            .stop();
    byte[] keys = PickleWriter.protocol2().op("](").string("7").op("e").stop();
    byte[] twice = PickleWriter.protocol2().op("](").string("7").string("7").op("e").stop();
    byte[] none = PickleWriter.protocol2().op("]").stop();
    byte[] storage = new PickleWriter().littleEndian(1, 8).littleEndian(0, 4).bytes();
    return Stream.of(
        pickle(
            "a pickle of another program",
            PickleWriter.protocol2().op("}").op("}".repeat(9)).stop(),
            "it begins with a pickle that torch.save does not write"),
        pickle(
            "a call of os.system in the first pickle",
            PickleWriter.protocol2().global("posix", "system").stop(),
            "its pickle asks for posix.system, which no weights need"),
        pickle(
            "another version",
            stream(1002, true, tensor, keys, storage),
            "it begins with a pickle that torch.save does not write"),
        pickle(
            "another byte order",
            stream(1001, false, tensor, keys, storage),
            "its numbers are not little endian"),
        pickle(
            "a call of os.system in the fourth pickle",
            stream(1001, true, PickleWriter.protocol2().global("posix", "system").stop()),
            "its pickle asks for posix.system, which no weights need"),
        pickle(
            "no keys",
            stream(1001, true, tensor, PickleWriter.protocol2().op("}").stop(), storage),
            "its pickles do not end with the keys of the storages"),
        pickle(
            "a key twice",
            stream(1001, true, tensor, twice, storage, storage),
            "it lists a storage twice, or one without a tensor"),
        pickle("no storage", stream(1001, true, tensor, none), "it lacks the bytes of a storage"),
        pickle(
            "a storage cut short",
            stream(1001, true, tensor, keys, Arrays.copyOf(storage, 11)),
            "storage 7 would be 4 bytes from byte"),
        pickle(
            "a storage cut short in its length",
            stream(1001, true, tensor, keys, Arrays.copyOf(storage, 7)),
            "storage 7 would be 4 bytes from byte"),
        pickle(
            "two lengths of a storage",
            stream(
                1001,
                true,
                tensor,
                keys,
                new PickleWriter().littleEndian(Long.MAX_VALUE, 8).littleEndian(0, 4).bytes()),
            "storage 7 has 1 numbers in its pickle and 9223372036854775807 before its bytes"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("streams")
  void refusesTheStream(String kind, byte[] file, String reason) {
    assertRefused(file, reason);
  }

  @Test
  void namesAGitLfsPointer() throws IOException {
    Path file = folder.resolve("pytorch_model.bin");
    Files.writeString(file, "version https://git-lfs.github.com/spec/v1\n");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> TorchFile.open(file))
        .withMessage(
            file + " holds a Git LFS pointer instead of weights: fetch the file with git lfs pull");
  }

  private void assertRefused(byte[] bytes, String reason) {
    Path file = SafetensorsWriter.write(folder.resolve("pytorch_model.bin"), bytes);
    com.sun.management.ThreadMXBean memory =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Once before it is measured, for the classes that are loaded on the way.
    refusal(file);
    long before = memory.getCurrentThreadAllocatedBytes();
    ModelLoadException refusal = refusal(file);
    long allocated = memory.getCurrentThreadAllocatedBytes() - before;
    assertThat(refusal)
        .hasMessageStartingWith(file + " cannot be read as weights that PyTorch saved: ")
        .hasMessageContaining(reason);
    assertThat(refusal.getMessage().lines()).hasSize(1);
    // Every instruction of a pickle is a byte, and leaves some 100 bytes at most.
    assertThat(allocated).isLessThan(ALLOWED_BYTES + 100L * bytes.length);
  }

  private static ModelLoadException refusal(Path file) {
    try {
      TorchFile.open(file);
    } catch (ModelLoadException e) {
      return e;
    }
    throw new AssertionError("the file was read");
  }

  private static Arguments pickle(String kind, byte[] pickle, String reason) {
    return Arguments.of(kind, pickle, reason);
  }

  private static Arguments tensor(
      String kind, long count, long offset, long[] shape, long[] strides, String reason) {
    return pickle(
        kind,
        PickleWriter.protocol2()
            .op("}")
            .string("w")
            .tensor("FloatStorage", "0", count, offset, shape, strides)
            .op("s")
            .stop(),
        reason);
  }

  private static long[] longs(long... values) {
    return values;
  }

  private static int[] repeat(int value, int times) {
    int[] values = new int[times];
    Arrays.fill(values, value);
    return values;
  }

  private static byte[] memoBomb() {
    PickleWriter pickle = PickleWriter.protocol2().op("]").op('q', 0);
    for (int level = 1; level < 200; level++) {
      pickle.op("](");
      for (int i = 0; i < 10; i++) {
        pickle.op('h', level - 1);
      }
      pickle.op("e").op('q', level);
    }
    return pickle.stop();
  }

  /** Ten megabytes of zeros, deflated to ten kilobytes. */
  private static byte[] bomb() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("x/data.pkl"));
      zip.write(new byte[10_000_000]);
      zip.closeEntry();
    }
    return out.toByteArray();
  }

  private static byte[] stream(int version, boolean littleEndian, byte[]... rest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        new PickleWriter()
            .op(0x80, 2, 0x8a, 10)
            .op(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
            .stop());
    out.writeBytes(PickleWriter.protocol2().number(version).stop());
    out.writeBytes(
        PickleWriter.protocol2()
            .op("}")
            .string("little_endian")
            .op(littleEndian ? 0x88 : 0x89)
            .op("s")
            .stop());
    for (byte[] part : rest) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
