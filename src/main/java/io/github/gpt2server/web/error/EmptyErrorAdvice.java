package io.github.gpt2server.web.error;

import io.github.gpt2server.text.Excerpt;
import org.springframework.core.MethodParameter;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyAdvice;

/**
 * Puts the envelope where there is none: the actuator answers what it does not know, such as {@code
 * /actuator/health/unknown}, with 404 and nothing more.
 */
@RestControllerAdvice
public final class EmptyErrorAdvice implements ResponseBodyAdvice<Object> {

  @Override
  public boolean supports(
      MethodParameter returnType, Class<? extends HttpMessageConverter<?>> converter) {
    return true;
  }

  @Override
  public Object beforeBodyWrite(
      Object body,
      MethodParameter returnType,
      MediaType type,
      Class<? extends HttpMessageConverter<?>> converter,
      ServerHttpRequest request,
      ServerHttpResponse response) {
    if (body != null || !(response instanceof ServletServerHttpResponse servlet)) {
      return body;
    }
    int status = servlet.getServletResponse().getStatus();
    if (status < 400 || status == HttpErrors.CLIENT_CLOSED_REQUEST) {
      return null;
    }
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    String asked = request.getMethod() + " " + Excerpt.of(request.getURI().getPath());
    return HttpErrors.response(status, asked, null);
  }
}
