package io.github.gpt2server.web.error;

/**
 * A field whose JSON value is not what the endpoint takes. The message completes a sentence that
 * begins with the field's path, which is put together on the way up from the value.
 */
public final class FieldException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private String path = "";
  private String param;

  public FieldException(String message) {
    super(message, null, false, false);
  }

  /** Adds the place in an array. */
  public FieldException at(int index) {
    path = "[" + index + "]" + path;
    return this;
  }

  /** Adds the name in an object. */
  public FieldException in(String name) {
    path = path.isEmpty() || path.startsWith("[") ? name + path : name + "." + path;
    return this;
  }

  /** Blames the field whose value this is: the path so far stands in the message alone. */
  public FieldException ofField() {
    param = path;
    return this;
  }

  /** The error for the client. */
  public ApiException toApiException() {
    String blamed = param == null ? path : path.substring(0, path.length() - param.length());
    return ApiException.invalid(blamed, path + " " + getMessage());
  }
}
