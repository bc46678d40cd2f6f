package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NonFiniteSearchTest {

  /** Any bits, of which those with an exponent of ones are made finite, except for one. */
  @ParameterizedTest
  @EnumSource
  void findsTheOneThatIsNotFinite(DataType type) {
    Random random = new Random(6);
    int bytes = type.bytes();
    for (int count : new int[] {1, 3, 8, 1001, (1 << 16) / bytes, 100_003}) {
      ByteBuffer data = ByteBuffer.allocateDirect(count * bytes);
      data.order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        long bits = random.nextLong();
        put(data, i * bytes, bytes, finite(type, bits));
      }
      TensorData tensor = TensorData.contiguous("t", type, new long[] {count}, data);
      assertThat(NonFiniteSearch.firstOther(tensor)).isEmpty();
      int place = random.nextInt(count);
      put(data, place * bytes, bytes, random.nextLong() | type.exponent());
      assertThat(NonFiniteSearch.firstOther(tensor)).hasValue(place);
    }
  }

  private static long finite(DataType type, long bits) {
    return (bits & type.exponent()) == type.exponent()
        ? bits ^ Long.highestOneBit(type.exponent())
        : bits;
  }

  private static void put(ByteBuffer data, int position, int bytes, long bits) {
    switch (bytes) {
      case Short.BYTES -> data.putShort(position, (short) bits);
      case Integer.BYTES -> data.putInt(position, (int) bits);
      default -> data.putLong(position, bits);
    }
  }
}
