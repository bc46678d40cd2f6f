package io.github.gpt2server.api;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns the bytes of a request body into a request record, or into an error that its sender can act
 * on: where the JSON breaks, or which field has which value where something else is expected.
 */
public final class RequestJson {
  private static final int MAX_DEPTH = 100;

  private final JsonMapper mapper;
  private final boolean strictFields;

  /** Reads requests; {@code strictFields} refuses every unknown field. */
  public RequestJson(boolean strictFields) {
    this.strictFields = strictFields;
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();
    mapper =
        JsonMapper.builder(factory)
            .addModule(new StrictScalars())
            .addHandler(new FieldProblems())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
  }

  /**
   * Reads one request.
   *
   * @throws ApiException 400, if the bytes are not such a request
   */
  public <T> T read(byte[] body, Class<T> type) {
    String text = utf8(body);
    if (text.isBlank()) {
      throw ApiException.emptyBody();
    }
    try (JsonParser parser = mapper.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw ApiException.invalid(
            null, "The body must be a JSON object, but is " + StrictScalars.found(parser) + ".");
      }
      UnknownFields unknown = new UnknownFields();
      T request =
          mapper.readerFor(type).withAttribute(UnknownFields.class, unknown).readValue(parser);
      unknown.check(request, strictFields);
      return request;
    } catch (FieldException e) {
      String param = path(e);
      throw ApiException.invalid(param, param + " " + e.getOriginalMessage());
    } catch (MismatchedInputException e) {
      if (e.getPath().isEmpty()) {
        throw ApiException.invalid(null, syntaxError(e));
      }
      throw ApiException.invalid(path(e), path(e) + " has a value of a wrong type.");
    } catch (JacksonException e) {
      throw ApiException.invalid(null, syntaxError(e));
    }
  }

  /** Strictly: a byte that is not UTF-8 would come back as another text than was sent. */
  private static String utf8(byte[] body) {
    ByteBuffer bytes = ByteBuffer.wrap(body);
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(bytes)
              .toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw ApiException.invalid(
          null,
          "The body is not UTF-8: the byte at position "
              + bytes.position()
              + " does not belong there. Encode the JSON as UTF-8.");
    }
  }

  private static String path(JacksonException e) {
    String path =
        e.getPath().stream()
            .map(
                step ->
                    step.getPropertyName() == null
                        ? "[" + step.getIndex() + "]"
                        : "." + Excerpt.of(step.getPropertyName()))
            .collect(Collectors.joining());
    return path.startsWith(".") ? path.substring(1) : path;
  }

  private static String syntaxError(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    String where =
        location == null || location.getLineNr() < 1
            ? ""
            : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    String message = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
    String what;
    if (e instanceof StreamConstraintsException) {
      what =
          message.contains("nesting depth")
              ? "it is nested deeper than " + MAX_DEPTH + " levels"
              : "a number or name in it is too long";
    } else if (e instanceof UnexpectedEndOfInputException) {
      what = "it ends too early; a bracket, brace or quote is not closed";
    } else if (message.startsWith("Duplicate")) {
      what = "a field is given twice";
    } else if (message.startsWith("Trailing token")) {
      what = "something follows the object";
    } else {
      what = "an unexpected character or word";
    }
    return "The body is not valid JSON" + where + ": " + what + ".";
  }
}
