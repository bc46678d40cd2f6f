package io.github.gpt2server.api.limit;

import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import java.util.EnumMap;
import java.util.Map;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * The share of the memory budget that the request of this thread holds until it has ended, in any
 * way. Only the request's own thread may ask.
 */
public final class RequestMemory {
  private static final String ATTRIBUTE = RequestMemory.class.getName();

  private final MemoryBudget budget;
  private final Map<MemoryUse, MemoryBudget.Reservation> held = new EnumMap<>(MemoryUse.class);

  private RequestMemory(MemoryBudget budget) {
    this.budget = budget;
  }

  /** Begins to count for the request of this thread. */
  public static RequestMemory begin(MemoryBudget budget) {
    RequestMemory memory = new RequestMemory(budget);
    RequestAttributes request = RequestContextHolder.currentRequestAttributes();
    request.setAttribute(ATTRIBUTE, memory, RequestAttributes.SCOPE_REQUEST);
    request.registerDestructionCallback(
        ATTRIBUTE, memory::giveBack, RequestAttributes.SCOPE_REQUEST);
    return memory;
  }

  /** The memory of this thread's request; without a limit where no body was read. */
  public static RequestMemory current() {
    RequestAttributes request = RequestContextHolder.getRequestAttributes();
    Object memory =
        request == null ? null : request.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST);
    return memory instanceof RequestMemory own ? own : new RequestMemory(MemoryBudget.UNLIMITED);
  }

  /** The reservation of the request for a use, to be resized as it takes more or less. */
  public MemoryBudget.Reservation of(MemoryUse use) {
    return held.computeIfAbsent(use, any -> budget.reserve(use, 0));
  }

  /**
   * Takes more for a use.
   *
   * @throws io.github.gpt2server.memory.MemoryExceededException if there is no room
   */
  public void add(MemoryUse use, long bytes) {
    MemoryBudget.Reservation reservation = of(use);
    reservation.resize(reservation.bytes() + bytes);
  }

  private void giveBack() {
    held.values().forEach(MemoryBudget.Reservation::close);
  }
}
