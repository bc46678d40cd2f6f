package io.github.gpt2server.model.checkpoint;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of Python's pickle machine that files of weights use. A pickle is a program and comes
 * from strangers: names and calls go to {@link TorchObjects}, which knows tensors alone, an
 * instruction that is not in {@link #execute} is refused, and lengths are held against the bytes
 * that are there before anything is allocated.
 *
 * <p>Python's values become {@link Long} or {@link BigInteger}, {@link Double}, {@link Boolean},
 * {@link String}, null, a {@link List} for lists and tuples, a {@link Map} for dictionaries.
 * Whatever comes out may be nested deeply or hold itself: look at it level by level.
 *
 * @see <a href="https://docs.python.org/3/library/pickletools.html">the instructions</a>
 */
final class Unpickler {
  /**
   * The largest number of instructions, ten times that of gpt2-xl; with it time and memory are
   * bounded.
   */
  private static final int MAX_INSTRUCTIONS = 300_000;

  private static final int LATEST_PROTOCOL = 5;

  private final ByteBuffer in;
  private final TorchObjects objects;
  private final Map<Integer, Object> memo = new HashMap<>();
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();

  private Unpickler(ByteBuffer in, TorchObjects objects) {
    this.in = in;
    this.objects = objects;
  }

  /**
   * Reads one pickle.
   *
   * @param in stands behind the pickle afterwards
   * @throws IllegalArgumentException with a phrase about what is wrong
   */
  static Object load(ByteBuffer in, TorchObjects objects) {
    Unpickler unpickler = new Unpickler(in.order(ByteOrder.LITTLE_ENDIAN), objects);
    try {
      for (int i = 0; i < MAX_INSTRUCTIONS; i++) {
        int code = Byte.toUnsignedInt(in.get());
        if (code == '.') {
          return unpickler.pop();
        }
        unpickler.execute(code);
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("its pickle ends in the middle", e);
    }
    throw new IllegalArgumentException(
        "its pickle has more than %d instructions".formatted(MAX_INSTRUCTIONS));
  }

  private void execute(int code) {
    switch (code) {
      case 0x80 -> requireProtocol(unsigned(1));
      // FRAME's length helps readers that buffer.
      case 0x95 -> in.getLong();

      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) in.getInt());
      case 'K' -> stack.add(unsigned(1));
      case 'M' -> stack.add(unsigned(2));
      case 0x8a -> stack.add(littleEndian(bytes(unsigned(1))));
      case 'G' -> stack.add(bigEndianDouble());
      case 'X' -> stack.add(string(unsigned(4)));
      case 0x8c -> stack.add(string(unsigned(1)));
      case 0x8d -> stack.add(string(in.getLong()));
      // What Python 2 called a string.
      case 'U' -> stack.add(string(unsigned(1)));

      case ')' -> stack.add(List.of());
      case 0x85 -> stack.add(popAll(1));
      case 0x86 -> stack.add(popAll(2));
      case 0x87 -> stack.add(popAll(3));
      case 't' -> stack.add(popToMark());
      case ']' -> stack.add(new ArrayList<>(0));
      case 'a' -> append(popAll(1));
      case 'e' -> append(popToMark());
      case '}' -> stack.add(new LinkedHashMap<>(0));
      case 's' -> set(popAll(2));
      case 'u' -> set(popToMark());
      case '(' -> marks.add(stack.size());

      case 'q' -> memo.put((int) unsigned(1), peek());
      case 'r' -> memo.put(in.getInt(), peek());
      case 0x94 -> memo.put(memo.size(), peek());
      case 'h' -> stack.add(remembered((int) unsigned(1)));
      case 'j' -> stack.add(remembered(in.getInt()));

      case 'c' -> stack.add(objects.named(line(), line()));
      case 0x93 -> named(popAll(2));
      case 'R' -> call(popAll(2));
      case 'Q' -> stack.add(objects.persistent(pop()));
      case 'b' -> build(pop());
      default ->
          throw new IllegalArgumentException(
              "its pickle has the instruction 0x%02x, which no weights need".formatted(code));
    }
  }

  private static void requireProtocol(long protocol) {
    if (protocol > LATEST_PROTOCOL) {
      throw new IllegalArgumentException(
          "its pickle is of protocol %d, and only those up to %d are known"
              .formatted(protocol, LATEST_PROTOCOL));
    }
  }

  private void append(List<Object> values) {
    if (!(peek() instanceof ArrayList<?>)) {
      throw new IllegalArgumentException("its pickle appends to something that is not a list");
    }
    @SuppressWarnings("unchecked")
    List<Object> list = (List<Object>) peek();
    list.addAll(values);
  }

  private void set(List<Object> keysAndValues) {
    if (!(peek() instanceof LinkedHashMap<?, ?>) || keysAndValues.size() % 2 != 0) {
      throw new IllegalArgumentException(
          "its pickle sets entries of something that is not a dictionary");
    }
    @SuppressWarnings("unchecked")
    Map<Object, Object> map = (Map<Object, Object>) peek();
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      Object key = keysAndValues.get(i);
      // The hash code of a list would follow it down to any depth.
      if (!(key instanceof String || key instanceof Long)) {
        throw new IllegalArgumentException(
            "its pickle has a dictionary whose keys are neither strings nor whole numbers");
      }
      map.put(key, keysAndValues.get(i + 1));
    }
  }

  private void named(List<Object> names) {
    if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
      throw new IllegalArgumentException("its pickle requests a global without a name");
    }
    stack.add(objects.named(module, name));
  }

  private void call(List<Object> functionAndArguments) {
    stack.add(objects.call(functionAndArguments.get(0), functionAndArguments.get(1)));
  }

  /** A state dict has its modules' versions as an attribute; there is nothing to do with it. */
  private void build(Object state) {
    if (!(peek() instanceof LinkedHashMap<?, ?>) || !(state instanceof Map<?, ?>)) {
      throw new IllegalArgumentException(
          "its pickle sets attributes of something that is not a dictionary");
    }
  }

  private Object remembered(int index) {
    if (!memo.containsKey(index)) {
      throw new IllegalArgumentException(
          "its pickle recalls entry %s of its memo, which is empty"
              .formatted(Integer.toUnsignedString(index)));
    }
    return memo.get(index);
  }

  private Object peek() {
    requireAboveMark(1);
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    requireAboveMark(1);
    return stack.remove(stack.size() - 1);
  }

  private List<Object> popAll(int count) {
    requireAboveMark(count);
    return popFrom(stack.size() - count);
  }

  private List<Object> popToMark() {
    if (marks.isEmpty()) {
      throw new IllegalArgumentException("its pickle goes back to a missing mark");
    }
    return popFrom(marks.remove(marks.size() - 1));
  }

  private List<Object> popFrom(int start) {
    List<Object> top = stack.subList(start, stack.size());
    List<Object> values = Arrays.asList(top.toArray());
    top.clear();
    return values;
  }

  private void requireAboveMark(int count) {
    int mark = marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    if (stack.size() - mark < count) {
      throw new IllegalArgumentException("its pickle takes a value from an empty stack");
    }
  }

  private long unsigned(int size) {
    return switch (size) {
      case 1 -> Byte.toUnsignedLong(in.get());
      case 2 -> Short.toUnsignedLong(in.getShort());
      default -> Integer.toUnsignedLong(in.getInt());
    };
  }

  private static Object littleEndian(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    BigInteger number = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(reversed);
    if (number.bitLength() < Long.SIZE) {
      return number.longValue();
    }
    return number;
  }

  private double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(in.getLong()));
  }

  private String string(long length) {
    return new String(bytes(length), StandardCharsets.UTF_8);
  }

  private byte[] bytes(long length) {
    // A length of 2^63 or more reads as a negative number.
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return bytes;
  }

  private String line() {
    int end = in.position();
    while (end < in.limit() && in.get(end) != '\n') {
      end++;
    }
    String line = string(end - in.position());
    // The end of the line; there is none at the end of the bytes.
    in.get();
    return line;
  }
}
