package io.github.gpt2server.web.error;

import io.github.gpt2server.text.Excerpt;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Errors that happen outside Spring's dispatcher, such as in a filter. */
@Hidden
@RestController
public final class ErrorPageController implements ErrorController {

  /** The envelope for the error that the container hands over. */
  @RequestMapping("${spring.web.error.path:/error}")
  public ResponseEntity<ErrorResponse> error(HttpServletRequest request) {
    Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
    Object path = request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
    int status = code instanceof Integer number ? number : 404;
    // The container forwards with GET, whatever was asked.
    Object method = request.getAttribute(RequestDispatcher.ERROR_METHOD);
    String asked =
        (method == null ? request.getMethod() : method)
            + " "
            + Excerpt.of(path == null ? request.getRequestURI() : path.toString());
    return ResponseEntity.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(HttpErrors.response(status, asked, null));
  }
}
