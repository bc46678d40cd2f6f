package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.error.ShortageFilter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.coyote.Adapter;
import org.apache.coyote.CloseNowException;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.coyote.http2.Http2AsyncUpgradeHandler;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;

/** Tomcat's HTTP/2, which lets the thread of a request know when the client gives up its stream. */
final class ObservedHttp2Protocol extends Http2Protocol {

  @Override
  public InternalHttpUpgradeHandler getInternalUpgradeHandler(
      SocketWrapperBase<?> socket, Adapter adapter, Request request) {
    if (!socket.hasAsyncIO()) {
      return super.getInternalUpgradeHandler(socket, adapter, request);
    }
    Streams streams = new Streams();
    return new Http2AsyncUpgradeHandler(
        this, new ObservedAdapter(adapter, streams, socket), request, socket) {
      @Override
      public void reset(int streamId, long errorCode) {
        streams.reset(Integer.toString(streamId));
        try {
          super.reset(streamId, errorCode);
        } catch (Exception e) {
          // Tomcat's own exception, of a class that is not public: its parser must see it as it is.
          ObservedHttp2Protocol.<RuntimeException>rethrow(e);
        }
      }

      @Override
      public SocketState upgradeDispatch(SocketEvent event) {
        SocketState state = dispatch(event);
        if (state == SocketState.CLOSED) {
          streams.close();
        }
        return state;
      }

      private SocketState dispatch(SocketEvent event) {
        try {
          return super.upgradeDispatch(event);
        } catch (OutOfMemoryError e) {
          ShortageFilter.log(e);
          return SocketState.CLOSED;
        }
      }

      @Override
      public void destroy() {
        streams.close();
        super.destroy();
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> void rethrow(Exception e) throws E {
    throw (E) e;
  }

  /** The streams of one connection that clients have given up. */
  private static final class Streams {
    /** A stream may be given up before its turn has come; more wait on no connection. */
    private static final int REMEMBERED = 256;

    private final Map<String, Boolean> given =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
          }
        };
    private volatile boolean closed;

    synchronized void reset(String stream) {
      given.put(stream, true);
    }

    void close() {
      closed = true;
    }

    synchronized boolean gone(String stream) {
      return closed || given.containsKey(stream);
    }
  }

  /** Enters the connection of each request before it is served. */
  private static final class ObservedAdapter extends AdapterFilter {
    private final Streams streams;
    private final SocketWrapperBase<?> socket;

    ObservedAdapter(Adapter adapter, Streams streams, SocketWrapperBase<?> socket) {
      super(adapter);
      this.streams = streams;
      this.socket = socket;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
      String stream = request.getProtocolRequestId();
      ClientConnection.enter(() -> socket.isClosed() || streams.gone(stream));
      try {
        super.service(request, response);
      } catch (OutOfMemoryError e) {
        // Tomcat ends the stream for an exception; for an error its thread would end.
        ShortageFilter.log(e);
        throw new CloseNowException("no memory for the answer", e);
      } finally {
        ClientConnection.leave();
      }
    }
  }
}
