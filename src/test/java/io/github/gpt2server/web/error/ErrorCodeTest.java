package io.github.gpt2server.web.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** What programs tell errors apart by; a change here breaks clients. */
class ErrorCodeTest {

  @Test
  void isTheContract() {
    Map<String, String> sent =
        Arrays.stream(ErrorCode.values())
            .collect(
                Collectors.toMap(
                    code -> String.valueOf(code.code()),
                    code -> code.status().value() + " " + code.type()));

    assertThat(sent)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("null", "400 invalid_request_error"),
                Map.entry("context_length_exceeded", "400 invalid_request_error"),
                Map.entry("invalid_api_key", "401 invalid_request_error"),
                Map.entry("origin_not_allowed", "403 invalid_request_error"),
                Map.entry("not_found", "404 invalid_request_error"),
                Map.entry("model_not_found", "404 invalid_request_error"),
                Map.entry("method_not_allowed", "405 invalid_request_error"),
                Map.entry("not_acceptable", "406 invalid_request_error"),
                Map.entry("slow_body", "408 invalid_request_error"),
                Map.entry("body_too_large", "413 invalid_request_error"),
                Map.entry("unsupported_media_type", "415 invalid_request_error"),
                Map.entry("queue_full", "429 rate_limit_error"),
                Map.entry("rate_limit_exceeded", "429 rate_limit_error"),
                Map.entry("internal_error", "500 server_error"),
                Map.entry("model_output_invalid", "500 server_error"),
                Map.entry("model_loading", "503 service_unavailable_error"),
                Map.entry("not_available", "503 service_unavailable_error"),
                Map.entry("out_of_memory", "503 service_unavailable_error"),
                Map.entry("shutting_down", "503 server_error"),
                Map.entry("engine_dead", "503 server_error"),
                Map.entry("timeout", "504 timeout_error")));
  }

  @Test
  void isSentWithEveryFieldOfTheEnvelope() {
    ApiException e =
        ApiException.invalid("prompt", ErrorCode.CONTEXT_LENGTH_EXCEEDED, "Shorten it.");

    assertThat(e.status().value()).isEqualTo(400);
    assertThat(JsonMapper.shared().writeValueAsString(e.response()))
        .isEqualTo(
            "{\"error\":{\"message\":\"Shorten it.\",\"type\":\"invalid_request_error\","
                + "\"param\":\"prompt\",\"code\":\"context_length_exceeded\"}}");
    assertThat(JsonMapper.shared().writeValueAsString(ApiException.emptyBody().response()))
        .endsWith("\"param\":null,\"code\":null}}");
  }
}
