package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The wall clock is set while clients pause. Tomcat's poller goes by it: who makes it wait when the
 * clock is set forward is taken for late. What is asserted of that is what docs/drills.md says.
 */
class ClockPauseDrill {
  private static final String DRILL = "clock jumps while clients pause";

  @TempDir private Path folder;

  /** What became of clients who paused for less time than they may. */
  private record Pause(boolean read, boolean sent, boolean idleIsOpen) {}

  @Test
  void clientsWhoPause() throws Exception {
    try (FakeClock clock = FakeClock.orSkip(folder, 12, DRILL);
        ChildServer server =
            new ChildServer(
                folder,
                clock.variables(),
                "--server.tomcat.connection-timeout=5s",
                "--server.tomcat.keep-alive-timeout=3s")) {
      server.awaitHealth(200);
      assertThat(pause(server, clock, Duration.ZERO)).isEqualTo(new Pause(true, true, false));
      assertThat(pause(server, clock, ClockDrill.DAY)).isEqualTo(new Pause(false, false, false));
      assertThat(pause(server, clock, Duration.ZERO)).isEqualTo(new Pause(true, true, true));
      DrillReport.add(
          12,
          DRILL,
          "`server.tomcat.connection-timeout=5s`, `keep-alive-timeout=3s`; clients pause for 3.5 s, one in"
              + " the middle of a stream of 9 MB, one in the middle of its body, while the clock is set; one is idle for longer",
          "clock left alone: both go on, the idle connection is closed; a day forward: both lose their connections; a day back: both go on, the idle connection stays open");
    }
  }

  private static Pause pause(ChildServer server, FakeClock clock, Duration offset)
      throws Exception {
    String get = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    String post = RawHttp.post("/v1/completions", Watch.POEM);
    int half = post.length() - 5;
    try (RawHttp reader = server.connect(1 << 16);
        RawHttp sender = server.connect();
        RawHttp idle = server.connect()) {
      reader.send(RawHttp.post("/v1/completions", ClockDrill.LARGE)).awaitBytes();
      sender.send(post.substring(0, half));
      idle.send(get).answer();
      Thread.sleep(1500);
      clock.move(offset);
      Thread.sleep(2000);
      boolean sent = answers(sender, post.substring(half));
      boolean read = isWhole(reader);
      Thread.sleep(5000);
      return new Pause(read, sent, answers(idle, get));
    }
  }

  private static boolean isWhole(RawHttp stream) {
    try {
      return stream.answer().body().endsWith("data: [DONE]\n\n");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean answers(RawHttp client, String request) {
    try {
      return client.send(request).answer().status() == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
