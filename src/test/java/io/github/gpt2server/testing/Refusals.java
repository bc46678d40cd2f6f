package io.github.gpt2server.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.json.RequestJson;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Requests for validators, and assertions on their refusals. */
public final class Refusals {

  private Refusals() {}

  /** A body as the server reads it. */
  public static <T> T request(Class<T> type, String body) {
    return new RequestJson(false).read(body.getBytes(StandardCharsets.UTF_8), type);
  }

  /** The refusal of a request, which must be one. */
  public static ApiException refusal(ThrowingCallable validation) {
    ApiException refusal = catchThrowableOfType(ApiException.class, validation);
    assertThat(refusal).as("refusal").isNotNull();
    return refusal;
  }

  /** Asserts that a request is invalid because of a field, with this message. */
  public static void assertInvalid(ThrowingCallable validation, String param, String message) {
    ApiException refusal = refusal(validation);
    assertThat(refusal).hasMessage(message);
    assertThat(refusal.status().value()).isEqualTo(400);
    assertThat(refusal.response().error().param()).isEqualTo(param);
    assertThat(refusal.response().error().type()).isEqualTo("invalid_request_error");
  }

  /** Asserts that a request names a model that is not served. */
  public static void assertModelNotFound(ThrowingCallable validation) {
    ApiException refusal = refusal(validation);
    assertThat(refusal.status().value()).isEqualTo(404);
    assertThat(refusal.response().error().code()).isEqualTo("model_not_found");
    assertThat(refusal.response().error().param()).isEqualTo("model");
  }
}
