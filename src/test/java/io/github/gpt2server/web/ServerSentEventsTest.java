package io.github.gpt2server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.json.ComputedList;
import io.github.gpt2server.web.json.JsonConfiguration;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

class ServerSentEventsTest {
  private static final JsonMapper JSON =
      new JsonConfiguration().jsonMapperBuilder(List.of()).build();

  private final MockHttpServletResponse response = new MockHttpServletResponse();
  private final ServerSentEvents events = new ServerSentEvents(response, JSON.writer());

  @Test
  void smallEventsAreSentTogether() throws IOException {
    events.data(List.of(1, 2));
    events.event("progress", "a");
    events.done();
    assertThat(events.started()).isFalse();

    events.flush();

    assertThat(events.started()).isTrue();
    assertThat(response.getContentType()).isEqualTo("text/event-stream;charset=UTF-8");
    assertThat(response.getContentAsString())
        .isEqualTo("data: [1,2]\n\nevent: progress\ndata: \"a\"\n\ndata: [DONE]\n\n");
  }

  @Test
  void aLargeEventIsSentWhileItIsWritten() throws IOException {
    int[] sentBefore = new int[2];
    List<Integer> numbers =
        ComputedList.of(
            100_000,
            i -> {
              sentBefore[i / 50_000] = response.getContentAsByteArray().length;
              return i;
            });

    events.data(numbers);
    events.flush();

    assertThat(sentBefore[0]).isPositive();
    assertThat(sentBefore[1]).isGreaterThan(500_000);
    assertThat(response.getContentAsString())
        .isEqualTo(
            "data: "
                + IntStream.range(0, 100_000).boxed().toList().toString().replace(" ", "")
                + "\n\n");
  }

  @Test
  void nothingOfASmallEventWithNaNIsSent() throws IOException {
    events.data(1);
    assertThatThrownBy(() -> events.data(List.of(1.0, Double.NaN)))
        .isInstanceOf(ApiException.class);
    events.event("error", "e");
    events.flush();

    assertThat(response.getContentAsString()).isEqualTo("data: 1\n\nevent: error\ndata: \"e\"\n\n");
  }

  @Test
  void aLargeEventWithNaNEndsBeforeTheErrorEvent() throws IOException {
    assertThatThrownBy(
            () -> events.data(ComputedList.of(60_000, i -> i < 50_000 ? 1.5 : Double.NaN)))
        .isInstanceOf(ApiException.class);
    events.event("error", "e");
    events.flush();

    assertThat(response.getContentAsString())
        .startsWith("data: [1.5,1.5,")
        .endsWith("1.5\n\nevent: error\ndata: \"e\"\n\n");
  }

  @Test
  void aClientThatLeavesEndsALargeEvent() {
    int[] computed = new int[1];
    MockHttpServletResponse broken =
        new MockHttpServletResponse() {
          @Override
          public ServletOutputStream getOutputStream() {
            return new BrokenPipe();
          }
        };
    List<Integer> numbers = ComputedList.of(1_000_000, i -> computed[0] = i);

    assertThat(
            catchThrowableOfType(
                ClientGoneException.class,
                () -> new ServerSentEvents(broken, JSON.writer()).data(numbers)))
        .hasRootCauseMessage("Broken pipe");
    assertThat(computed[0]).isBetween(1_000, 100_000);
  }

  private static final class BrokenPipe extends ServletOutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IOException("Broken pipe");
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {}
  }
}
