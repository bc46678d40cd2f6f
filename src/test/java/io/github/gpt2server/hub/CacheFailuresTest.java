package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.testing.Fault;
import io.github.gpt2server.testing.LookAlikeHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Disks that are full, too small or not to be written: a sentence each, and the next start succeeds
 * without downloading again what was good.
 */
class CacheFailuresTest extends HubTest {
  @Test
  void saysThatTheDiskIsFull() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "no /dev/full here: the full disk is not tried");
    Path incomplete = fixture.incomplete(repository, WEIGHTS);
    Files.createDirectories(incomplete.getParent());
    // Every byte that is written there meets the real "No space left on device".
    Files.createSymbolicLink(incomplete, full);

    assertSentence(
        "The disk of the cache "
            + fixture.cache
            + " is full: make room, or set gpt2.hub.cache to a folder on a larger disk; the bytes"
            + " received so far stay in the cache, and the next start resumes the download.");

    Files.delete(incomplete);
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatADiskIsTooSmallOrBecomesFull() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString()),
        "no right to mount a file system: a small disk is not tried");
    try {
      fixture.with("HF_HUB_CACHE", disk.resolve("cache").toString());
      repository.put(WEIGHTS, LookAlikeHub.numbers(2_000_000));
      assertSentence(
          "org/small needs 2.0 MB more, but the disk of the cache "
              + disk.resolve("cache")
              + " has only 1.0 MB free: make room, or set gpt2.hub.cache to a folder on a larger"
              + " disk.");

      repository.put(WEIGHTS, LookAlikeHub.numbers(700_000));
      Path other = disk.resolve("other");
      fixture.server.fail(
          1, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.inTheMiddle(() -> write(other, 500_000)));
      assertSentence(
          "The disk of the cache "
              + disk.resolve("cache")
              + " is full: make room, or set gpt2.hub.cache to a folder on a larger disk; the bytes"
              + " received so far stay in the cache, and the next start resumes the download.");

      Files.delete(other);
      fixture.server.forget();
      Snapshot snapshot = fixture.fetch();
      assertThat(snapshot.folder().resolve(WEIGHTS)).hasBinaryContent(repository.content(WEIGHTS));
      assertThat(Integer.parseInt(rangesOfWeights().get(0).replaceAll("\\D", "")))
          .isGreaterThanOrEqualTo(350_000);
    } finally {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  @Test
  void saysThatTheCacheCannotBeWritten() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", disk.toString());
    try {
      assumeTrue(
          mounted || (disk.toFile().setWritable(false) && !Files.isWritable(disk)),
          "this user may write everywhere and mount nothing: a read-only cache is not tried");
      fixture.with("HF_HUB_CACHE", disk.resolve("cache").toString());

      assertThat(failure().getMessage())
          .startsWith("The cache " + disk.resolve("cache") + " cannot be written (")
          .endsWith(
              "): set gpt2.hub.cache (or HF_HUB_CACHE) to a folder that can be written, or make that"
                  + " one writable for the server's user.");
    } finally {
      assertThat(mounted ? run("umount", disk.toString()) : disk.toFile().setWritable(true))
          .isTrue();
    }
    fixture.with("HF_HUB_CACHE", fixture.cache.toString());
    assertComplete(fixture.fetch());
  }

  @Test
  void aCacheThatIsReadOnlyButCompleteIsServed() throws Exception {
    assertComplete(fixture.fetch());
    boolean mounted =
        run("mount", "--bind", "-o", "ro", fixture.cache.toString(), fixture.cache.toString());
    assumeTrue(mounted, "no right to mount a file system: a complete read-only cache is not tried");
    try {
      assertComplete(fixture.fetch());
    } finally {
      assertThat(run("umount", fixture.cache.toString())).isTrue();
    }
  }

  private static void write(Path file, int bytes) {
    try {
      Files.write(file, new byte[bytes]);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
