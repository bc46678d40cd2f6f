package io.github.gpt2server.hub.http;

/** An answer of the hub that something does not exist. */
public final class NotOnHubException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The kind of the missing thing. */
  public enum What {
    /** The repository, or the right to see it. */
    REPOSITORY,
    /** The branch, tag or commit. */
    REVISION,
    /** The file. */
    FILE,
    /** One of these; the hub does not distinguish them. */
    UNKNOWN
  }

  private final What what;

  NotOnHubException(What what) {
    super(what.toString());
    this.what = what;
  }

  public What what() {
    return what;
  }
}
