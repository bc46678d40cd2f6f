package io.github.gpt2server.api.json;

import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.FieldException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns a request body, as it arrives, into a request record, or into an error that its sender can
 * act on: where the JSON breaks, or which field has which value where something else is expected.
 */
public final class RequestJson {

  /** The largest depth of arrays and objects in each other. */
  static final int MAX_DEPTH = 100;

  private static final int MAX_NAME_CHARACTERS = 1000;
  private static final int MAX_NUMBER_CHARACTERS = 1000;

  private final Map<Class<?>, RecordReader<?>> readers = new ConcurrentHashMap<>();
  private final JsonMapper mapper;
  private final boolean strictFields;

  /** Reads requests; {@code strictFields} refuses every unknown field. */
  public RequestJson(boolean strictFields) {
    this.strictFields = strictFields;
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // A table of names that outlives a body fills up with what clients make up, and can be
            // filled with names of one hash code.
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(MAX_NAME_CHARACTERS)
                    .maxNumberLength(MAX_NUMBER_CHARACTERS)
                    .build())
            .build();
    mapper = JsonMapper.builder(factory).build();
  }

  /**
   * Reads one request within the limits of a server whose model has OpenAI's vocabulary.
   *
   * @throws ApiException 400, if the bytes are not such a request
   */
  public <T> T read(byte[] body, Class<T> type) {
    try {
      MemoryBudget.Reservation memory = MemoryBudget.UNLIMITED.reserve(MemoryUse.BODIES, 0);
      InputStream in = new ByteArrayInputStream(body);
      return read(new BoundedBody(in, body.length, memory), type, RequestSizes.DEFAULT);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads one request.
   *
   * @throws ApiException 400, if the bytes are not such a request; as soon as that is known
   * @throws io.github.gpt2server.memory.MemoryExceededException if there is no memory for it
   * @throws IOException if reading fails
   */
  <T> T read(BoundedBody body, Class<T> type, RequestSizes sizes) throws IOException {
    try (JsonParser parser = mapper.createParser(new Utf8Reader(body))) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw ApiException.emptyBody();
      }
      if (first != JsonToken.START_OBJECT) {
        throw ApiException.invalid(
            null, "The body must be a JSON object, but is " + JsonScalars.found(parser) + ".");
      }
      UnknownFields unknown = new UnknownFields();
      T request =
          type.cast(reader(type).read(parser, new RecordReader.Reading(body, sizes, unknown)));
      if (parser.nextToken() != null) {
        throw invalid(parser.currentTokenLocation(), "something follows the object");
      }
      unknown.check(request, strictFields);
      return request;
    } catch (FieldException e) {
      throw e.toApiException();
    } catch (JacksonIOException e) {
      throw e.getCause();
    } catch (JacksonException e) {
      throw syntaxError(e);
    }
  }

  private RecordReader<?> reader(Class<?> type) {
    return readers.computeIfAbsent(type, RecordReader::new);
  }

  private static ApiException syntaxError(JacksonException e) {
    String message = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
    String what;
    if (e instanceof StreamConstraintsException) {
      what = constraint(message);
    } else if (e instanceof UnexpectedEndOfInputException) {
      what = "it ends too early; a bracket, brace or quote is not closed";
    } else if (message.startsWith("Duplicate")) {
      what = "the field \"" + Excerpt.of(duplicate(message)) + "\" is given twice";
    } else {
      what = "an unexpected character or word";
    }
    return invalid(e.getLocation(), what);
  }

  /** The name that Jackson quotes. */
  private static String duplicate(String message) {
    int from = message.indexOf('"') + 1;
    int to = message.lastIndexOf('"');
    return from > 0 && to >= from ? message.substring(from, to) : "";
  }

  private static String constraint(String message) {
    if (message.contains("nesting depth")) {
      return "it is nested deeper than " + MAX_DEPTH + " levels";
    }
    return message.contains("Name")
        ? "a name in it is too long; it may have at most " + MAX_NAME_CHARACTERS + " characters"
        : "a number in it is too long; it may have at most "
            + MAX_NUMBER_CHARACTERS
            + " characters";
  }

  private static ApiException invalid(TokenStreamLocation location, String what) {
    String where =
        location == null || location.getLineNr() < 1
            ? ""
            : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    return ApiException.invalid(null, "The body is not valid JSON" + where + ": " + what + ".");
  }
}
