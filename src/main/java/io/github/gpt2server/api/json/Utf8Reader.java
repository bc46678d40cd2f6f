package io.github.gpt2server.api.json;

import io.github.gpt2server.web.error.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The characters of a body, decoded as its bytes arrive and strictly: a byte that is not UTF-8
 * would come back as another text than was sent. A byte order mark at the beginning is left out.
 */
final class Utf8Reader extends Reader {
  private static final int BUFFER_BYTES = 8192;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final InputStream in;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES).flip();

  /** The number of bytes before the buffer's. */
  private long before;

  private boolean started;
  private boolean ended;

  Utf8Reader(InputStream in) {
    this.in = in;
  }

  /**
   * Reads characters.
   *
   * @param length at least 2, for characters beyond the basic plane
   * @throws ApiException 400, at a byte that is not UTF-8
   */
  @Override
  public int read(char[] buffer, int offset, int length) throws IOException {
    while (true) {
      CharBuffer chars = CharBuffer.wrap(buffer, offset, length);
      CoderResult result = decoder.decode(bytes, chars, ended);
      int count = chars.position() - offset;
      if (count > 0 && !started) {
        started = true;
        if (buffer[offset] == BYTE_ORDER_MARK) {
          count--;
          System.arraycopy(buffer, offset + 1, buffer, offset, count);
        }
      }
      if (count > 0) {
        return count;
      }
      if (result.isError()) {
        throw ApiException.invalid(
            null,
            "The body is not UTF-8: the byte at position "
                + (before + bytes.position())
                + " does not belong there. Encode the JSON as UTF-8.");
      }
      if (ended) {
        return -1;
      }
      fill();
    }
  }

  private void fill() throws IOException {
    before += bytes.position();
    bytes.compact();
    int read = in.read(bytes.array(), bytes.position(), bytes.remaining());
    if (read < 0) {
      ended = true;
    } else {
      bytes.position(bytes.position() + read);
    }
    bytes.flip();
  }

  /** Leaves the body to the web server, which goes on to the next request behind it. */
  @Override
  public void close() {}
}
