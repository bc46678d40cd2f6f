package io.github.gpt2server.api.json;

import io.github.gpt2server.api.execution.AbortCheck;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.web.error.ApiException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.http.converter.HttpMessageNotWritableException;
import org.springframework.stereotype.Component;

/** Reads request bodies as they arrive: bounded in size however they are sent, and strictly. */
@Component
public final class JsonRequestConverter extends AbstractHttpMessageConverter<JsonRequest> {
  private final RequestJson json;
  private final ApiLimits limits;
  private final ServedModelHolder holder;

  /** Reads with these limits, some of which depend on the model that is served. */
  public JsonRequestConverter(ApiLimits limits, ServedModelHolder holder) {
    super(MediaType.APPLICATION_JSON);
    this.json = new RequestJson(limits.strictFields());
    this.limits = limits;
    this.holder = holder;
  }

  @Override
  protected boolean supports(Class<?> type) {
    return JsonRequest.class.isAssignableFrom(type);
  }

  @Override
  public boolean canWrite(Class<?> type, MediaType mediaType) {
    return false;
  }

  @Override
  protected JsonRequest readInternal(Class<? extends JsonRequest> type, HttpInputMessage message)
      throws IOException {
    String encoding = message.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.isBlank() && !encoding.equalsIgnoreCase("identity")) {
      throw ApiException.encodedBody(encoding);
    }
    MediaType contentType = message.getHeaders().getContentType();
    Charset charset = contentType == null ? null : contentType.getCharset();
    if (charset != null && !charset.equals(StandardCharsets.UTF_8)) {
      throw ApiException.invalid(
          null, "The body must be UTF-8, but its Content-Type says " + charset.name() + ".");
    }
    // A body that says it is too large is refused before it is read; one without a length, once
    // it has grown too large.
    int maxBytes = limits.maxBodyBytes();
    long length = message.getHeaders().getContentLength();
    if (length > maxBytes) {
      throw ApiException.tooLarge(maxBytes);
    }
    limits
        .memory()
        .requireRoom(MemoryUse.BODIES, MemoryUse.BYTES_PER_BODY_BYTE * Math.max(0, length));
    AbortCheck.begin(limits.requestTimeout());
    try (BoundedBody body =
        new BoundedBody(
            message.getBody(),
            maxBytes,
            RequestMemory.begin(limits.memory()).of(MemoryUse.BODIES))) {
      JsonRequest request = json.read(body, type, sizes());
      body.retain();
      return request;
    }
  }

  private RequestSizes sizes() {
    return holder
        .get()
        .map(model -> new RequestSizes(model.vocabSize(), limits.maxSequences()))
        .orElse(RequestSizes.DEFAULT);
  }

  @Override
  protected void writeInternal(JsonRequest request, HttpOutputMessage message) {
    throw new HttpMessageNotWritableException("requests are only read");
  }
}
