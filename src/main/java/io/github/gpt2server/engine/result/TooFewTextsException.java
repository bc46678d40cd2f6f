package io.github.gpt2server.engine.result;

/** A search found fewer texts than it must report, because the request excludes all others. */
public class TooFewTextsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int found;
  private final int wanted;

  /** Creates the failure of a search that found {@code found} of {@code wanted} texts. */
  public TooFewTextsException(int found, int wanted) {
    super("The search found %d of %d texts.".formatted(found, wanted));
    this.found = found;
    this.wanted = wanted;
  }

  /** Number of texts that were found. */
  public int found() {
    return found;
  }

  /** Number of texts that must be reported. */
  public int wanted() {
    return wanted;
  }
}
