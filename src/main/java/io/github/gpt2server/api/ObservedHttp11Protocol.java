package io.github.gpt2server.api;

import java.io.IOException;
import org.apache.coyote.Adapter;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * Tomcat's HTTP/1.1 over NIO, which lets the thread that handles a request know its {@link
 * ClientConnection}.
 */
public final class ObservedHttp11Protocol extends Http11NioProtocol {

  @Override
  protected Processor createProcessor() {
    return new ObservedProcessor(this, getAdapter());
  }

  private static final class ObservedProcessor extends Http11Processor {

    ObservedProcessor(AbstractHttp11Protocol<?> protocol, Adapter adapter) {
      super(protocol, adapter);
    }

    @Override
    public SocketState service(SocketWrapperBase<?> socket) throws IOException {
      ClientConnection.enter(socket);
      try {
        return super.service(socket);
      } finally {
        ClientConnection.leave();
      }
    }
  }
}
