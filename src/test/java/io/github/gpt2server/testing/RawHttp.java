package io.github.gpt2server.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** One connection, byte by byte, for tests of details that HTTP clients hide. */
public final class RawHttp implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /** Connects to this port of the loopback interface. */
  public RawHttp(int port) throws IOException {
    this(port, 0);
  }

  /** A connection whose receive buffer is so small, or as usual if 0. */
  RawHttp(int port, int receiveBuffer) throws IOException {
    this(port, receiveBuffer, null);
  }

  /** A connection that comes from this one of the machine's addresses, or from any if null. */
  RawHttp(int port, int receiveBuffer, InetAddress from) throws IOException {
    socket = new Socket();
    if (from != null) {
      socket.bind(new InetSocketAddress(from, 0));
    }
    if (receiveBuffer > 0) {
      // Before connecting, so that the window is small from the beginning.
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.setSoTimeout(120_000);
    in = new BufferedInputStream(socket.getInputStream(), receiveBuffer > 0 ? 1 : 8192);
    out = socket.getOutputStream();
  }

  /** An answer as it came. */
  public record Answer(int status, Map<String, String> headers, String body) {}

  /** The bytes of a POST with a JSON body. */
  public static String post(String path, String json) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: "
        + json.getBytes(StandardCharsets.UTF_8).length
        + "\r\n\r\n"
        + json;
  }

  /** Sends text as UTF-8. */
  public RawHttp send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends bytes. */
  public RawHttp send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    return this;
  }

  /** Waits until something has come, which stays to be read. */
  public void awaitBytes() throws IOException {
    in.mark(1);
    if (in.read() < 0) {
      throw new IOException("the connection ended without a byte");
    }
    in.reset();
  }

  /** Reads everything up to the end of the connection, by a goodbye or a reset. */
  public String rest() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      in.transferTo(bytes);
    } catch (SocketException e) {
      // What came before the reset is there.
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Reads everything up to the end of the connection, and retains nothing of it. */
  public void discardRest() throws IOException {
    try {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (SocketException e) {
      // A reset ends it too.
    }
  }

  /** Reads one answer and leaves the bytes after it. */
  public Answer answer() throws IOException {
    String statusLine = line();
    int space = statusLine.indexOf(' ');
    int status = Integer.parseInt(statusLine.substring(space + 1, space + 4));
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      for (int size = chunkSize(); size > 0; size = chunkSize()) {
        body.write(in.readNBytes(size));
        line();
      }
      line();
    } else if (headers.containsKey("content-length")) {
      body.write(in.readNBytes(Integer.parseInt(headers.get("content-length"))));
    } else {
      body.write(in.readAllBytes());
    }
    return new Answer(status, headers, body.toString(StandardCharsets.UTF_8));
  }

  /** One line without its end. */
  public String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("the connection ended after: " + line);
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.UTF_8).stripTrailing();
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(line(), 16);
  }

  /** Closes as a client does that loses interest. */
  public void leave() throws IOException {
    socket.close();
  }

  /** Closes with a reset instead of a goodbye. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
