package io.github.gpt2server.web.error;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.ServletInvocableHandlerMethod;

/**
 * Spring's calls of exception handlers, less that they log an error of the JVM in a handler, or in
 * writing what it returns, and go on with the exception that was to be handled: such an error goes
 * to {@link ShortageFilter} or to the container's error page.
 */
public final class ShortageResolver extends ExceptionHandlerExceptionResolver {
  private static final String ERROR = ShortageResolver.class.getName() + ".ERROR";

  /** Remembers an error, which Spring would swallow. */
  private static final class Handler extends ServletInvocableHandlerMethod {
    Handler(HandlerMethod method) {
      super(method);
    }

    @Override
    public void invokeAndHandle(
        ServletWebRequest request, ModelAndViewContainer container, Object... arguments)
        throws Exception {
      try {
        super.invokeAndHandle(request, container, arguments);
      } catch (Error e) {
        request.getRequest().setAttribute(ERROR, e);
        throw e;
      }
    }
  }

  @Override
  protected ServletInvocableHandlerMethod getExceptionHandlerMethod(
      HandlerMethod failed, Exception exception, ServletWebRequest request) {
    ServletInvocableHandlerMethod handler =
        super.getExceptionHandlerMethod(failed, exception, request);
    return handler == null ? null : new Handler(handler);
  }

  @Override
  protected ModelAndView doResolveHandlerMethodException(
      HttpServletRequest request,
      HttpServletResponse response,
      HandlerMethod failed,
      Exception exception) {
    ModelAndView view = super.doResolveHandlerMethodException(request, response, failed, exception);
    if (request.getAttribute(ERROR) instanceof Error error) {
      request.removeAttribute(ERROR);
      throw error;
    }
    return view;
  }
}
