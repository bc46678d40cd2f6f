package io.github.gpt2server.memory;

/** A reservation that the budget has no room for. */
public final class MemoryExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final MemoryUse use;
  private final long asked;
  private final long most;

  MemoryExceededException(MemoryUse use, long asked, long most) {
    super("%d bytes for %s, of at most %d".formatted(asked, use.label(), most), null, false, false);
    this.use = use;
    this.asked = asked;
    this.most = most;
  }

  /** The use of the memory. */
  public MemoryUse use() {
    return use;
  }

  /** The number of bytes that the request would hold for this use. */
  public long asked() {
    return asked;
  }

  /** The number of bytes that one request may hold for this use. */
  public long most() {
    return most;
  }

  /**
   * Returns whether the reservation would not fit into an empty budget either, so that repeating
   * the request cannot help.
   */
  public boolean neverFits() {
    return asked > most;
  }
}
