package io.github.gpt2server.hub.download;

/** Told how far a download is; not called if there is nothing to download. */
@FunctionalInterface
public interface FetchListener {

  /**
   * Called a few times a second, always by the thread that fetches, at the end too.
   *
   * @param progress how far it is now
   */
  void progress(FetchProgress progress);
}
