package io.github.gpt2server.web.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** A connection that has been upgraded to HTTP/2 does not touch those that come after it. */
@OwnServer(value = "--server.http2.enabled=true", configurations = UpgradedConnectionIT.Held.class)
class UpgradedConnectionIT {
  private static final String UPGRADE =
      String.join(
          "\r\n",
          "GET /held/stream HTTP/1.1",
          "Host: test",
          "Connection: Upgrade, HTTP2-Settings",
          "Upgrade: h2c",
          "HTTP2-Settings: AAMAAABkAAQAAP__",
          "",
          "PRI * HTTP/2.0",
          "",
          "SM",
          "",
          "\0\0\0\4\0\0\0\0\0");

  private static LiveServer server;
  private static CountDownLatch streamGoesOn;
  private static CountDownLatch streamBegun;
  private static CountDownLatch postGoesOn;
  private static CountDownLatch postBegun;
  private static volatile Thread streamThread;

  @Configuration(proxyBeanMethods = false)
  static class Held {
    @Bean
    HeldController heldController() {
      return new HeldController();
    }
  }

  @RestController
  static class HeldController {
    @GetMapping("/held/stream")
    String stream() throws InterruptedException {
      streamThread = Thread.currentThread();
      streamBegun.countDown();
      streamGoesOn.await();
      return "stream";
    }

    @PostMapping("/held/post")
    String post(InputStream body) throws Exception {
      postBegun.countDown();
      postGoesOn.await();
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void itsEndLeavesTheBodyOfAnotherConnectionAlone() throws Exception {
    streamGoesOn = new CountDownLatch(1);
    streamBegun = new CountDownLatch(1);
    postGoesOn = new CountDownLatch(1);
    postBegun = new CountDownLatch(1);
    try (RawHttp upgraded = server.connect().send(UPGRADE);
        RawHttp next = server.connect()) {
      assertThat(upgraded.line()).contains(" 101");
      streamBegun.await();
      next.send(RawHttp.post("/held/post", "{\"whole\": true}"));
      postBegun.await();

      streamGoesOn.countDown();
      LiveServer.await(() -> !serves(streamThread));
      postGoesOn.countDown();

      assertThat(next.answer().body()).isEqualTo("{\"whole\": true}");
    }
  }

  private static boolean serves(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith("org.apache.coyote."));
  }
}
