package io.github.gpt2server.api;

import java.io.IOException;
import java.io.InputStream;

/** The bytes of a body, up to the largest number that is allowed. */
final class BoundedBody extends InputStream {
  private final InputStream in;
  private final int maxBytes;
  private long count;

  BoundedBody(InputStream in, int maxBytes) {
    this.in = in;
    this.maxBytes = maxBytes;
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
   */
  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = in.read(buffer, offset, length);
    if (read > 0) {
      count += read;
    }
    if (count > maxBytes) {
      throw ApiException.tooLarge(maxBytes);
    }
    return read;
  }
}
