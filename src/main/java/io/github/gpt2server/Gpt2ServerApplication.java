package io.github.gpt2server;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the server. */
@SpringBootApplication
public class Gpt2ServerApplication {

  /**
   * Starts the server; {@code args} are Spring Boot properties such as {@code --gpt2.model=...}.
   */
  public static void main(String[] args) {
    SpringApplication.run(Gpt2ServerApplication.class, args);
  }
}
