package io.github.gpt2server.model.torch.kernels;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Native memory between two pages that nothing can read or write: a kernel that reaches beyond a
 * tensor ends the process. Which of the two a tensor touches is a matter of chance. For Linux.
 */
final class GuardedMemory implements AutoCloseable {
  private static final long PAGE = 65536;
  private static final int READ_AND_WRITE = 3;
  private static final int PRIVATE_AND_ANONYMOUS = 0x22;

  private static final NativeLibrary LIBC = NativeLibrary.getProcess();
  private static final Function MMAP = LIBC.getFunction("mmap");
  private static final Function MPROTECT = LIBC.getFunction("mprotect");
  private static final Function MUNMAP = LIBC.getFunction("munmap");

  private record Mapping(Pointer pointer, long bytes) {}

  private final Random random;
  private final List<Mapping> mappings = new ArrayList<>();

  GuardedMemory(Random random) {
    this.random = random;
  }

  Pointer of(float... numbers) {
    Pointer pointer = room(4L * numbers.length);
    pointer.write(0, numbers, 0, numbers.length);
    return pointer;
  }

  Pointer of(int... numbers) {
    Pointer pointer = room(4L * numbers.length);
    pointer.write(0, numbers, 0, numbers.length);
    return pointer;
  }

  Pointer of(short... numbers) {
    Pointer pointer = room(2L * numbers.length);
    pointer.write(0, numbers, 0, numbers.length);
    return pointer;
  }

  Pointer of(byte... numbers) {
    Pointer pointer = room(numbers.length);
    pointer.write(0, numbers, 0, numbers.length);
    return pointer;
  }

  /** The arguments of a kernel: pointers, longs, ints and floats in the order of its structure. */
  Pointer arguments(Object... values) {
    Pointer pointer = room(8L * values.length);
    long at = 0;
    for (Object value : values) {
      if (value instanceof Pointer address) {
        pointer.setPointer(at, address);
        at += 8;
      } else if (value == null) {
        pointer.setLong(at, 0);
        at += 8;
      } else if (value instanceof Long number) {
        pointer.setLong(at, number);
        at += 8;
      } else if (value instanceof Integer number) {
        pointer.setInt(at, number);
        at += 4;
      } else {
        pointer.setFloat(at, (Float) value);
        at += 4;
      }
    }
    return pointer;
  }

  /** Memory whose numbers are NaN in every type. */
  Pointer room(long bytes) {
    long inside = (bytes + PAGE - 1) / PAGE * PAGE;
    long all = inside + 2 * PAGE;
    Pointer begin =
        (Pointer)
            MMAP.invoke(
                Pointer.class,
                new Object[] {null, all, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L});
    mappings.add(new Mapping(begin, all));
    MPROTECT.invokeInt(new Object[] {begin, PAGE, 0});
    MPROTECT.invokeInt(new Object[] {begin.share(PAGE + inside), PAGE, 0});
    Pointer pointer = begin.share(PAGE + (random.nextBoolean() ? 0 : inside - bytes));
    pointer.setMemory(0, bytes, (byte) 0xff);
    return pointer;
  }

  @Override
  public void close() {
    for (Mapping mapping : mappings) {
      MUNMAP.invokeInt(new Object[] {mapping.pointer(), mapping.bytes()});
    }
  }
}
