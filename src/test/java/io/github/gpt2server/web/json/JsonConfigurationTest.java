package io.github.gpt2server.web.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.mock.web.MockHttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

/** What JSON has no number for is never written, by whichever way it comes. */
class JsonConfigurationTest {
  private static final JsonMapper JSON =
      new JsonConfiguration().jsonMapperBuilder(List.of()).build();

  record Numbers(double a, float b, Double c, Float d) {}

  static List<Object> notFinite() {
    return List.of(
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Float.NaN,
        Float.NEGATIVE_INFINITY,
        new Numbers(Double.NaN, 0, null, null),
        new Numbers(0, Float.NaN, null, null),
        new Numbers(0, 0, Double.NEGATIVE_INFINITY, null),
        new Numbers(0, 0, null, Float.POSITIVE_INFINITY),
        new double[] {1, Double.NaN},
        new float[] {1, Float.NaN},
        new float[][] {{1}, {2, Float.POSITIVE_INFINITY}},
        List.of(1, Double.NaN),
        Map.of("a", Map.of("b", Float.NaN)),
        JsonMapper.shared().createObjectNode().put("a", Double.NaN),
        JsonMapper.shared().createArrayNode().add(Float.NaN));
  }

  @ParameterizedTest
  @MethodSource("notFinite")
  void nanAndInfinityAreRefused(Object value) {
    assertThatThrownBy(() -> JSON.writeValueAsBytes(value))
        .isInstanceOf(NonFiniteNumberException.class);
  }

  @ParameterizedTest
  @MethodSource("notFinite")
  void anEventThatHoldsThemIsNotSent(Object value) throws Exception {
    MockHttpServletResponse response = new MockHttpServletResponse();
    ServerSentEvents out = new ServerSentEvents(response, JSON.writer());
    out.data(1);

    assertThatThrownBy(() -> out.event("result", value))
        .isInstanceOf(ApiException.class)
        .hasMessageStartingWith("The model's logits are not numbers:");

    out.done();
    out.flush();
    assertThat(response.getContentAsString()).isEqualTo("data: 1\n\ndata: [DONE]\n\n");
  }

  @Test
  void finiteNumbersAreWrittenAsEver() {
    assertThat(JSON.writeValueAsString(new Numbers(1.5, -0f, Double.MIN_VALUE, Float.MAX_VALUE)))
        .isEqualTo("{\"a\":1.5,\"b\":-0.0,\"c\":4.9E-324,\"d\":3.4028235E38}");
    assertThat(JSON.writeValueAsString(new Object[] {new double[] {1, 2}, new float[] {3}}))
        .isEqualTo("[[1.0,2.0],[3.0]]");
  }
}
