package io.github.gpt2server.web.tomcat;

import java.util.HashMap;
import java.util.Map;

/**
 * The requests that wait for bytes of their bodies. On Java 17 each of them holds one of the web
 * server's threads; a share of these is left to others, however many clients send slowly.
 */
public final class BodyWaits {
  private static final int SHARE_OF_ALL = 2;
  private static final int SHARE_OF_ONE = 8;

  private final int all;
  private final int ofOneClient;
  private final Map<String, Integer> waiting = new HashMap<>();
  private int count;

  /**
   * Lets half of them wait, and an eighth for one client.
   *
   * @param requests the number of requests that the web server handles at once
   */
  public BodyWaits(int requests) {
    this.all = Math.max(1, requests / SHARE_OF_ALL);
    this.ofOneClient = Math.max(1, requests / SHARE_OF_ONE);
  }

  /** Takes a place, to be left again; false if there is none. */
  synchronized boolean enter(String client) {
    int own = waiting.getOrDefault(client, 0);
    if (count >= all || own >= ofOneClient) {
      return false;
    }
    count++;
    waiting.put(client, own + 1);
    return true;
  }

  /** Gives a place back. */
  synchronized void leave(String client) {
    count--;
    waiting.computeIfPresent(client, (any, own) -> own == 1 ? null : own - 1);
  }

  /** The number of requests that wait. */
  public synchronized int count() {
    return count;
  }
}
