package io.github.gpt2server.files;

import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON files that hold one object each. */
public final class JsonObjects {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private JsonObjects() {}

  /**
   * The object in a file.
   *
   * @param most the number of bytes that the file may have
   * @throws UnusableFileException if it is no regular file, is larger, or does not hold one JSON
   *     object
   * @throws IOException if it cannot be read
   */
  public static ObjectNode read(Path file, int most) throws IOException {
    return parse(file, RegularFile.read(file, most));
  }

  /**
   * The object in the content of a file.
   *
   * @throws UnusableFileException if it is not one JSON object
   */
  public static ObjectNode parse(Path file, byte[] content) throws UnusableFileException {
    if (content.length == 0) {
      throw new UnusableFileException(file + " is empty");
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(content);
    } catch (MismatchedInputException trailing) {
      throw malformed(file, trailing, "something follows the value");
    } catch (JacksonException malformed) {
      throw malformed(file, malformed, malformed.getOriginalMessage());
    }
    if (root instanceof ObjectNode object) {
      return object;
    }
    throw new UnusableFileException(file + " does not hold a JSON object");
  }

  private static UnusableFileException malformed(Path file, JacksonException e, String problem) {
    TokenStreamLocation location = e.getLocation();
    String place =
        location == null || location.getLineNr() < 1
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
    return new UnusableFileException(
        "%s is not valid JSON%s: %s".formatted(file, place, problem), e);
  }
}
