package io.github.gpt2server.api.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryFigures;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server whose requests may together hold 8 MB, 3.5 MB of them for large bodies. */
@OwnServer(value = "--gpt2.max-sequences=4", configurations = MemoryBudgetIT.SmallBudget.class)
class MemoryBudgetIT {
  private static final MemoryBudget BUDGET =
      new MemoryBudget(() -> new MemoryFigures(1L << 30, 16 << 20, 0));

  /** As much as a body being read takes of the budget for large bodies. */
  private static final long LARGEST = BUDGET.most(MemoryUse.BODIES) / MemoryUse.BYTES_PER_BODY_BYTE;

  private static LiveServer server;

  @Configuration(proxyBeanMethods = false)
  static class SmallBudget {
    @Bean
    @Primary
    MemoryBudget smallBudget() {
      return BUDGET;
    }
  }

  @AfterEach
  void everythingIsGivenBack() {
    LiveServer.await(
        () -> {
          for (MemoryUse use : MemoryUse.values()) {
            if (BUDGET.reserved(use) != 0) {
              return false;
            }
          }
          return true;
        });
  }

  @Test
  void halfSentBodiesHoldWhatTheyHaveSentAndOthersAre503UntilTheyEnd() throws IOException {
    List<RawHttp> slow = new ArrayList<>();
    try {
      // Each says that it is small enough, and sends a third of the budget.
      for (int i = 0; i < 3; i++) {
        RawHttp http = server.connect();
        slow.add(http);
        int length = (int) (LARGEST * 3 / 10);
        http.send(head("/v1/tokenize", length + 1000) + "{\"text\":\"" + "a ".repeat(length / 2));
        long expected = (i + 1L) * length * MemoryUse.BYTES_PER_BODY_BYTE;
        LiveServer.await(() -> BUDGET.reserved(MemoryUse.BODIES) >= expected);
      }
      String large = "{\"prompt\":\"" + "a ".repeat((int) LARGEST / 4) + "\"}";

      RawHttp.Answer refused = server.post("/v1/completions", large);

      assertThat(refused.status()).as(refused.body()).isEqualTo(503);
      assertThat(refused.headers()).containsEntry("retry-after", "5");
      assertThat(error(refused).get("code").stringValue()).isEqualTo("out_of_memory");
      // Small ones find room, streams among them.
      assertThat(server.ask("/v1/completions", "{\"max_tokens\":2}").get("choices")).hasSize(1);
      assertThat(server.post("/v1/completions", "{\"max_tokens\":2,\"stream\":true}").body())
          .endsWith("data: [DONE]\n\n");

      slow.get(0).leave();
      slow.get(1).leave();
      LiveServer.await(
          () ->
              BUDGET.reserved(MemoryUse.BODIES)
                  <= LARGEST * 4 / 10 * MemoryUse.BYTES_PER_BODY_BYTE);
      RawHttp.Answer answered = server.post("/v1/completions", large);
      assertThat(error(answered).get("code").stringValue()).isEqualTo("context_length_exceeded");
    } finally {
      for (RawHttp http : slow) {
        http.leave();
      }
    }
  }

  @Test
  void aBodyThatCanNeverFitIs413WithTheLimit() throws IOException {
    for (String head :
        List.of(
            head("/v1/completions", 1_000_000),
            head("/v1/completions", 1)
                    .replaceFirst("Content-Length: 1", "Transfer-Encoding: chunked")
                + Integer.toHexString(1_000_000)
                + "\r\n")) {
      try (RawHttp http = server.connect()) {
        http.send(head + "{\"prompt\":\"" + "x".repeat(1_000_000 - 13) + "\"}");
        if (head.contains("chunked")) {
          http.send("\r\n0\r\n\r\n");
        }

        RawHttp.Answer refused = http.answer();

        assertThat(refused.status()).as(refused.body()).isEqualTo(413);
        assertThat(error(refused).get("code").stringValue()).isEqualTo("body_too_large");
        assertThat(error(refused).get("message").stringValue())
            .isEqualTo(
                "The body is larger than the limit of " + LARGEST + " bytes; send less at once.");
      }
    }
  }

  @Test
  void aTextWhoseTokensFindNoRoomIs503UntilThereIs() throws IOException {
    String text = "{\"text\":\"" + "a ".repeat(250_000) + "\"}";
    try (MemoryBudget.Reservation others = BUDGET.reserve(MemoryUse.TEXTS, 3 << 20)) {
      RawHttp.Answer refused = server.post("/v1/tokenize", text);

      assertThat(refused.status()).as(refused.body()).isEqualTo(503);
      assertThat(refused.headers()).containsEntry("retry-after", "5");
      assertThat(error(refused).get("code").stringValue()).isEqualTo("out_of_memory");
      others.resize(1 << 20);
      // A request's own memory is given back a moment after its answer.
      LiveServer.await(() -> BUDGET.reserved(MemoryUse.BODIES) == 0);
      assertThat(server.post("/v1/tokenize", text).status()).isEqualTo(200);
    }
  }

  @Test
  void anAnswerThatCannotBeHeldIs413() throws IOException {
    RawHttp.Answer refused =
        server.post("/v1/completions", "{\"logprobs\":4096,\"max_tokens\":400}");

    assertThat(refused.status()).as(refused.body()).isEqualTo(413);
    assertThat(error(refused).get("message").stringValue())
        .startsWith("The request would take 6553600 bytes of memory for answers,");
    assertThat(server.post("/v1/completions", "{\"logprobs\":4096,\"max_tokens\":2}").status())
        .isEqualTo(200);
  }

  @Test
  void metricsShowTheBudgetAndWhatIsReserved() throws Exception {
    try (RawHttp http = server.connect()) {
      http.send(head("/v1/tokenize", 50_000) + "{\"text\":\"" + "a ".repeat(20_000));
      LiveServer.await(
          () -> BUDGET.reserved(MemoryUse.BODIES) > 40_000 * MemoryUse.BYTES_PER_BODY_BYTE);

      Scrape scrape = Scrape.of(server);

      assertThat(scrape.value("gpt2_memory_budget_bytes")).isEqualTo(8 << 20);
      assertThat(scrape.value("gpt2_memory_reserved_bytes", "use", "bodies"))
          .isEqualTo(40_009 * MemoryUse.BYTES_PER_BODY_BYTE);
      assertThat(scrape.value("gpt2_memory_reserved_bytes", "use", "texts")).isZero();
      http.leave();
    }
  }

  private static String head(String path, int length) {
    return RawHttp.post(path, "").replace("Content-Length: 0", "Content-Length: " + length);
  }

  private static JsonNode error(RawHttp.Answer answer) {
    return JsonMapper.shared().readTree(answer.body()).get("error");
  }
}
