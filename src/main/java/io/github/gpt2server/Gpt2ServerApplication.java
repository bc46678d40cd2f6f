package io.github.gpt2server;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the server. */
@SpringBootApplication
public class Gpt2ServerApplication {

  /**
   * Starts the server; {@code args} are Spring Boot properties such as {@code --gpt2.model=...}.
   * Ends the process with exit code 1 if that fails.
   */
  public static void main(String[] args) {
    // DJL reads these when its classes load: no usage reports, no downloads at run time. The
    // environment variable DJL_OFFLINE=false brings the downloads back.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    try {
      SpringApplication.run(Gpt2ServerApplication.class, args);
    } catch (RuntimeException | Error alreadyReported) {
      System.exit(1);
    }
  }
}
