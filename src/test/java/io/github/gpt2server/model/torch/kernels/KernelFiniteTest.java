package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelFiniteTest {
  private KernelLibrary library;

  @BeforeEach
  void load() {
    assumeTrue(KernelLibrary.load().isPresent());
    library = KernelLibrary.load().orElseThrow();
    library.setThreads(3);
  }

  @AfterEach
  void oneThread() {
    library.setThreads(1);
  }

  /** Any bits but for exponents of ones; then one of these, infinite or none, anywhere. */
  @ParameterizedTest
  @CsvSource({
    "8, 7ff0000000000000",
    "4, 7f8000007f800000",
    "2, 7c007c007c007c00",
    "2, 7f807f807f807f80"
  })
  void findsOneNumberThatIsNotFinite(int bytes, String exponents) {
    long bits = Long.parseLong(exponents, 16);
    Random random = new Random(7);
    for (int count : new int[] {1, 2, 3, 5, 8191, 65_536, 1_000_003}) {
      ByteBuffer memory = ByteBuffer.allocateDirect(count * bytes + 8);
      // Numbers need not lie where a processor wants them.
      ByteBuffer numbers = memory.slice(count % 2, count * bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        // All but the exponent's last bit.
        put(numbers, i, bytes, random.nextLong() & ~(Long.lowestOneBit(bits) * repeated(bytes)));
      }
      assertThat(library.allFinite(numbers, bits)).as("%d numbers", count).isTrue();

      int place = random.nextInt(count);
      put(numbers, place, bytes, random.nextLong() | bits);
      assertThat(library.allFinite(numbers, bits)).as("number %d of %d", place, count).isFalse();
    }
  }

  /** A one in each number of eight bytes. */
  private static long repeated(int bytes) {
    return switch (bytes) {
      case Short.BYTES -> 0x0001_0001_0001_0001L;
      case Integer.BYTES -> 0x0000_0001_0000_0001L;
      default -> 1;
    };
  }

  private static void put(ByteBuffer numbers, int place, int bytes, long bits) {
    switch (bytes) {
      case Short.BYTES -> numbers.putShort(place * bytes, (short) bits);
      case Integer.BYTES -> numbers.putInt(place * bytes, (int) bits);
      default -> numbers.putLong(place * bytes, bits);
    }
  }
}
