package io.github.gpt2server.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;

/**
 * A collector of traces: takes OTLP over HTTP and reads the spans from the bytes, field by field.
 *
 * @see <a
 *     href="https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto">the
 *     messages</a>
 */
public final class OtlpReceiver implements AutoCloseable {
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private final HttpServer server;
  private final List<Span> spans = new CopyOnWriteArrayList<>();

  /** A span; attributes of lists are written as lists. */
  public record Span(
      String traceId,
      String id,
      String parentId,
      String name,
      int kind,
      long start,
      long end,
      Map<String, Object> attributes,
      Map<String, Object> resource) {}

  public OtlpReceiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/traces", this::receive);
    server.start();
  }

  public String address() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  /** Waits until a span is as wished, and gives all that have come. */
  public List<Span> await(Predicate<Span> wish) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (spans.stream().noneMatch(wish)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("only these came: " + spans);
      }
      Thread.sleep(5);
    }
    return List.copyOf(spans);
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (InputStream body = exchange.getRequestBody()) {
      boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      byte[] bytes = (zipped ? new GZIPInputStream(body) : body).readAllBytes();
      List<Span> came = new ArrayList<>();
      for (ByteBuffer resourceSpans : messages(bytes(bytes), 1)) {
        readResource(resourceSpans, came);
      }
      // All at once: a message has them by scope, the last of a trace perhaps first.
      spans.addAll(came);
    }
    exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
    exchange.sendResponseHeaders(200, -1);
    exchange.close();
  }

  private static void readResource(ByteBuffer resourceSpans, List<Span> came) {
    Map<String, Object> resource = new TreeMap<>();
    messages(resourceSpans, 1).forEach(message -> resource.putAll(attributes(message, 1)));
    for (ByteBuffer scope : messages(resourceSpans, 2)) {
      for (ByteBuffer span : messages(scope, 2)) {
        came.add(span(span, resource));
      }
    }
  }

  private static Span span(ByteBuffer span, Map<String, Object> resource) {
    return new Span(
        hex(messages(span, 1)),
        hex(messages(span, 2)),
        hex(messages(span, 4)),
        text(messages(span, 5).get(0)),
        (int) numbers(span, 6).get(0).longValue(),
        numbers(span, 7).get(0),
        numbers(span, 8).get(0),
        attributes(span, 9),
        resource);
  }

  private static Map<String, Object> attributes(ByteBuffer message, int field) {
    Map<String, Object> attributes = new TreeMap<>();
    for (ByteBuffer pair : messages(message, field)) {
      attributes.put(text(messages(pair, 1).get(0)), value(messages(pair, 2).get(0)));
    }
    return attributes;
  }

  /** An AnyValue: a text, a whole number or a list; others are not read. */
  private static Object value(ByteBuffer any) {
    if (!messages(any, 1).isEmpty()) {
      return text(messages(any, 1).get(0));
    }
    if (!messages(any, 5).isEmpty()) {
      return messages(messages(any, 5).get(0), 1).stream().map(OtlpReceiver::value).toList();
    }
    return numbers(any, 3).isEmpty() ? "?" : numbers(any, 3).get(0);
  }

  private static String hex(List<ByteBuffer> bytes) {
    return bytes.isEmpty() ? "" : HexFormat.of().formatHex(array(bytes.get(0)));
  }

  private static String text(ByteBuffer bytes) {
    return new String(array(bytes), StandardCharsets.UTF_8);
  }

  private static byte[] array(ByteBuffer bytes) {
    byte[] array = new byte[bytes.remaining()];
    bytes.duplicate().get(array);
    return array;
  }

  private static ByteBuffer bytes(byte[] array) {
    return ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static List<ByteBuffer> messages(ByteBuffer message, int field) {
    return fields(message, field).stream()
        .filter(ByteBuffer.class::isInstance)
        .map(ByteBuffer.class::cast)
        .toList();
  }

  private static List<Long> numbers(ByteBuffer message, int field) {
    return fields(message, field).stream()
        .filter(Long.class::isInstance)
        .map(Long.class::cast)
        .toList();
  }

  /** The values of one field, in the wire format of protocol buffers. */
  private static List<Object> fields(ByteBuffer message, int wanted) {
    ByteBuffer in = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    List<Object> values = new ArrayList<>();
    while (in.hasRemaining()) {
      long tag = varint(in);
      Object value =
          switch ((int) (tag & 7)) {
            case 0 -> varint(in);
            case 1 -> in.getLong();
            case 2 -> {
              int length = (int) varint(in);
              ByteBuffer part = in.slice(in.position(), length);
              in.position(in.position() + length);
              yield part;
            }
            case 5 -> (long) in.getInt();
            default -> throw new AssertionError("wire type " + (tag & 7));
          };
      if (tag >>> 3 == wanted) {
        values.add(value);
      }
    }
    return values;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
