package io.github.gpt2server.constraint.json;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An independent JSON Schema validator. */
public final class Validator {
  private final Schema schema;

  /** Creates a validator that also checks {@code format}. */
  public Validator(String schema) {
    this.schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(JsonMapper.shared().readTree(schema));
  }

  /** Returns whether a text is a JSON value that the schema accepts. */
  public boolean accepts(String text) {
    JsonNode value = JsonMapper.shared().readTree(text);
    return schema
        .validate(
            value,
            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)))
        .isEmpty();
  }
}
