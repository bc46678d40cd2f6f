package io.github.gpt2server.api.limit;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The limits of {@code api/limits.yaml}, by request and field. */
public final class RequestLimits {
  private static final Map<String, Map<String, Entry>> TABLE = load();

  private RequestLimits() {}

  /** The limit of a request's field, or {@link FieldLimit#DEFAULT} if the table has none. */
  public static FieldLimit of(Class<?> request, String field, RequestSizes sizes) {
    Entry entry = fields(request).get(field);
    return entry == null
        ? FieldLimit.DEFAULT
        : new FieldLimit(
            size(entry.items(), sizes),
            size(entry.tokens(), sizes),
            size(entry.characters(), sizes));
  }

  /** The fields of a request that have a limit, with their limits as they are written. */
  public static Map<String, Entry> fields(Class<?> request) {
    FieldSection section = request.getAnnotation(FieldSection.class);
    return section == null ? Map.of() : TABLE.getOrDefault(section.value(), Map.of());
  }

  private static int size(String limit, RequestSizes sizes) {
    if (limit == null) {
      return 0;
    }
    return switch (limit) {
      case "vocabulary" -> sizes.vocabulary();
      case "sequences" -> sizes.sequences();
      default -> Integer.parseInt(limit);
    };
  }

  private static Map<String, Map<String, Entry>> load() {
    JsonMapper mapper =
        JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
    try (InputStream in = RequestLimits.class.getResourceAsStream("/api/limits.yaml")) {
      Map<String, Object> yaml = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      return mapper.convertValue(yaml, new TypeReference<HashMap<String, Map<String, Entry>>>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The limits of one field: numbers, or words that {@link RequestSizes} has numbers for. */
  record Entry(
      @JsonProperty("items") String items,
      @JsonProperty("tokens") String tokens,
      @JsonProperty("characters") String characters) {}
}
