package io.github.gpt2server.ops.exchange;

/** Notified of every request of a client when it is over, on the thread that handled it. */
@FunctionalInterface
public interface ExchangeListener {
  void ended(Exchange exchange);
}
