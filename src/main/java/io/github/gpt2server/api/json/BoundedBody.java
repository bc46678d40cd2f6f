package io.github.gpt2server.api.json;

import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.error.ApiException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The bytes of a body, up to the largest number that is allowed. What is made of them is reserved
 * as they arrive, so that a slow sender holds no more than it has sent.
 */
final class BoundedBody extends InputStream {

  /** The number of bytes that a request holds for each byte of its body, once it is read. */
  private static final int RETAINED = 2;

  private final InputStream in;
  private final int maxBytes;
  private final MemoryBudget.Reservation memory;
  private long count;
  private long parts;
  private long retained;

  BoundedBody(InputStream in, int maxBytes, MemoryBudget.Reservation memory) {
    this.in = in;
    this.maxBytes = maxBytes;
    this.memory = memory;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /**
   * Reads what has arrived, or waits for it.
   *
   * @throws ApiException 413, once there is more than is allowed
   * @throws io.github.gpt2server.memory.MemoryExceededException if there is no memory for more
   */
  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = in.read(buffer, offset, length);
    if (read > 0) {
      count += read;
      if (count > maxBytes) {
        throw ApiException.tooLarge(maxBytes);
      }
      memory.resize(MemoryUse.BYTES_PER_BODY_BYTE * count + parts);
    }
    return read;
  }

  /** Reserves memory for objects whose size does not go with the number of bytes. */
  void reserveParts(long bytes) {
    parts += bytes;
    memory.resize(memory.bytes() + bytes);
  }

  /** Ends with a request that was made of the body; the buffers are free. */
  void retain() {
    retained = RETAINED * count + parts;
  }

  /** Leaves reserved what is retained, if anything is; the web server closes the connection. */
  @Override
  public void close() {
    memory.resize(retained);
  }
}
