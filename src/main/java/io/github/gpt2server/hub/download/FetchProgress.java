package io.github.gpt2server.hub.download;

import io.github.gpt2server.text.Bytes;

/**
 * The state of a download.
 *
 * @param model the hub's id
 * @param received number of bytes received, those of earlier attempts included
 * @param total size in bytes of all files that were missing at the beginning
 * @param bytesPerSecond the speed over the last seconds; 0 if nothing was received
 */
public record FetchProgress(String model, long received, long total, long bytesPerSecond) {

  /** Returns a text such as {@code 120 MB of 548 MB (21 %), 11 MB/s, 39 s left}. */
  public String text() {
    if (received >= total) {
      return "all %s received; verifying checksums".formatted(Bytes.text(total));
    }
    StringBuilder text =
        new StringBuilder("%s of %s".formatted(Bytes.text(received), Bytes.text(total)));
    text.append(" (%d %%)".formatted(100 * received / total));
    if (bytesPerSecond > 0) {
      text.append(", %s/s, %s left".formatted(Bytes.text(bytesPerSecond), left()));
    }
    return text.toString();
  }

  private String left() {
    long seconds = (total - received + bytesPerSecond - 1) / bytesPerSecond;
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
  }
}
