package io.github.gpt2server.hub.download;

/** Receiver of the progress of a download; not called if there is nothing to download. */
@FunctionalInterface
public interface FetchListener {

  /**
   * Called a few times a second and at the end, always by the thread that fetches.
   *
   * @param progress the current state
   */
  void progress(FetchProgress progress);
}
