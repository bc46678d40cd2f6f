package io.github.gpt2server.memory;

/** A reservation that the budget has no room for. */
public final class MemoryExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final MemoryUse use;
  private final long asked;
  private final long most;

  MemoryExceededException(MemoryUse use, long asked, long most) {
    super(
        "%d bytes for %s, of which there are at most %d".formatted(asked, use.label(), most),
        null,
        false,
        false);
    this.use = use;
    this.asked = asked;
    this.most = most;
  }

  /** What the memory was for. */
  public MemoryUse use() {
    return use;
  }

  /** The number of bytes that one request would hold for this use. */
  public long asked() {
    return asked;
  }

  /** The number of bytes that one request may hold for this use. */
  public long most() {
    return most;
  }

  /**
   * Whether it would not fit even if nothing else were there, so that trying again is of no use.
   */
  public boolean neverFits() {
    return asked > most;
  }
}
