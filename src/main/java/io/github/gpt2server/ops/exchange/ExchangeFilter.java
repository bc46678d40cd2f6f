package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.ratelimit.LimitKind;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.web.servlet.DispatcherServlet;

/**
 * Observes a request and its answer, and notifies the listeners. Handlers here keep their thread to
 * the end, so what that thread submits to the engine in between belongs to the request.
 */
public final class ExchangeFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;
  private static final ThreadLocal<List<RequestProgress>> SUBMITTED = new ThreadLocal<>();

  private final transient ServedModelHolder holder;
  private final transient List<ExchangeListener> listeners;

  /**
   * @param listeners notified of each request when it has ended
   */
  public ExchangeFilter(ServedModelHolder holder, List<ExchangeListener> listeners) {
    this.holder = holder;
    this.listeners = List.copyOf(listeners);
  }

  /** Notes what the current thread's request asks of the engine. */
  public static void submitted(RequestProgress progress) {
    List<RequestProgress> requests = SUBMITTED.get();
    if (requests != null) {
      requests.add(progress);
    }
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    long begin = System.nanoTime();
    List<RequestProgress> requests = new ArrayList<>(1);
    SUBMITTED.set(requests);
    boolean thrown = true;
    try {
      chain.doFilter(request, response);
      thrown = false;
    } finally {
      SUBMITTED.remove();
      Duration duration = Duration.ofNanos(System.nanoTime() - begin);
      // What is thrown this far becomes a 500 further out.
      int status = thrown && !response.isCommitted() ? 500 : response.getStatus();
      boolean broken =
          thrown || request.getAttribute(DispatcherServlet.EXCEPTION_ATTRIBUTE) != null;
      notify(request, response, new Answer(status, broken, duration), requests);
    }
  }

  private record Answer(int status, boolean broken, Duration duration) {}

  private void notify(
      HttpServletRequest request,
      HttpServletResponse response,
      Answer answer,
      List<RequestProgress> requests) {
    Optional<LimitKind> refusedBy = LimitKind.thatRefused(request);
    Exchange exchange =
        new Exchange(
            response.getHeader(RequestIdFilter.HEADER),
            request.getMethod(),
            request.getRequestURI(),
            request.getRemoteAddr(),
            Caller.of(request).keyName(),
            Operation.of(request),
            holder.get().map(ServedModel::id).orElse(""),
            answer.status(),
            RequestOutcome.of(answer.status(), answer.broken(), refusedBy.isPresent(), requests),
            refusedBy,
            answer.duration(),
            requests);
    listeners.forEach(listener -> listener.ended(exchange));
  }
}
