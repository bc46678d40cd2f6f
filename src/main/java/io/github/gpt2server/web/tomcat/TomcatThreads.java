package io.github.gpt2server.web.tomcat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.tomcat.TomcatWebServer;

/** The threads without which a web server takes no connections, found by Tomcat's names. */
public final class TomcatThreads {
  private static final Logger log = LoggerFactory.getLogger(TomcatThreads.class);

  /** One of each serves a connector. */
  private static final List<String> KINDS = List.of("-Acceptor", "-Poller");

  private TomcatThreads() {}

  /** The acceptors and pollers of all connectors of a server that has started. */
  public static List<Thread> of(TomcatWebServer server) {
    List<Thread> threads = new ArrayList<>();
    for (Connector connector : server.getTomcat().getService().findConnectors()) {
      threads.addAll(threads(connector));
    }
    return threads;
  }

  private static List<Thread> threads(Connector connector) {
    if (!(connector.getProtocolHandler() instanceof AbstractProtocol<?> protocol)) {
      return List.of();
    }
    // The name is quoted.
    String name = protocol.getName().replace("\"", "");
    List<Thread> found = all().stream().filter(thread -> serves(thread, name)).toList();
    if (found.size() < KINDS.size()) {
      log.warn("Not all threads of {} can be watched: {}", name, found);
    }
    return found;
  }

  private static boolean serves(Thread thread, String connector) {
    return KINDS.stream()
        .filter(kind -> thread.getName().endsWith(kind))
        .map(kind -> thread.getName().substring(0, thread.getName().length() - kind.length()))
        // A port that is chosen by the system comes into the connector's name afterwards.
        .anyMatch(name -> connector.equals(name) || connector.startsWith(name + "-"));
  }

  private static List<Thread> all() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group.getParent() != null) {
      group = group.getParent();
    }
    Thread[] threads = new Thread[2 * group.activeCount() + 16];
    return Arrays.asList(threads).subList(0, group.enumerate(threads));
  }
}
