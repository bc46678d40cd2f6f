package io.github.gpt2server.api.openai.structured;

import io.github.gpt2server.api.execution.AbortCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.constraint.Constraint;
import io.github.gpt2server.constraint.ConstraintException;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the fields that ask for a form of the text. */
public final class StructureReader {
  /** Largest number of characters of a schema. */
  private static final int MAX_SCHEMA = 200_000;

  private final ServedModel model;
  private final ModelConstraints constraints;
  private final PromptReader reader;

  /** Reads for this model. */
  public StructureReader(ServedModel model, ModelConstraints constraints) {
    this.model = model;
    this.constraints = constraints;
    this.reader = new PromptReader(model);
  }

  /** A form that a field asks for: choices, or else a constraint. */
  private record Asked(String field, List<String> choices, Constraint constraint) {}

  /**
   * The form that a request asks for. A regular expression or schema that has not been used lately
   * is compiled, which can take some tenths of a second.
   *
   * @throws ApiException 400, if the fields contradict each other or the form cannot be used; 504,
   *     if the request's time is over
   */
  public Structure read(StructuredFields fields) {
    List<Asked> asked = new ArrayList<>();
    addStructuredOutputs(fields.structuredOutputs(), asked);
    addResponseFormat(fields.responseFormat(), asked);
    // Clients of other servers send these empty where they ask for nothing.
    if (!isEmpty(fields.jsonSchema())) {
      addSchema("json_schema", fields.jsonSchema(), asked);
    }
    if (!isEmpty(fields.guidedJson())) {
      addSchema("guided_json", fields.guidedJson(), asked);
    }
    if (fields.guidedRegex() != null && !fields.guidedRegex().isEmpty()) {
      addRegex("guided_regex", fields.guidedRegex(), asked);
    }
    if (fields.guidedChoice() != null && !fields.guidedChoice().isEmpty()) {
      addChoice("guided_choice", fields.guidedChoice(), asked);
    }
    if (asked.isEmpty()) {
      return new Structure.Free();
    }
    if (asked.size() > 1) {
      throw ApiException.invalid(
          asked.get(1).field(),
          "%s and %s both ask for a form of the text; send one of them."
              .formatted(asked.get(0).field(), asked.get(1).field()));
    }
    Asked one = asked.get(0);
    return one.choices() != null ? oneOf(one) : automaton(one);
  }

  private static void addStructuredOutputs(StructuredOutputs outputs, List<Asked> asked) {
    if (outputs != null) {
      addChoice("structured_outputs.choice", outputs.choice(), asked);
      addRegex("structured_outputs.regex", outputs.regex(), asked);
      addSchema("structured_outputs.json", outputs.json(), asked);
      if (isTrue(outputs.jsonObject())) {
        asked.add(new Asked("structured_outputs.json_object", null, new Constraint.AnyObject()));
      }
    }
  }

  private static void addResponseFormat(ResponseFormat format, List<Asked> asked) {
    if (format == null) {
      return;
    }
    String type = format.type() == null ? "text" : format.type();
    JsonNode named = format.jsonSchema() == null ? null : format.jsonSchema().schema();
    switch (type) {
      case "text" -> {
        if (named != null || format.schema() != null) {
          throw ApiException.invalid(
              "response_format.type",
              "response_format has a schema, but not the type json_schema; set its type.");
        }
      }
      case "json_object" -> {
        if (format.schema() != null) {
          addSchema("response_format.schema", format.schema(), asked);
        } else {
          asked.add(new Asked("response_format", null, new Constraint.AnyObject()));
        }
      }
      case "json_schema" -> {
        if (named == null && format.schema() == null) {
          throw ApiException.invalid(
              "response_format.json_schema",
              "response_format has the type json_schema, but no json_schema.schema; send the"
                  + " schema there.");
        }
        addSchema("response_format.json_schema.schema", named, asked);
        addSchema("response_format.schema", format.schema(), asked);
      }
      default ->
          throw ApiException.invalid(
              "response_format.type",
              "response_format.type is \"%s\"; use text, json_object or json_schema."
                  .formatted(Excerpt.of(type)));
    }
  }

  private static void addRegex(String field, String pattern, List<Asked> asked) {
    if (pattern != null) {
      asked.add(new Asked(field, null, new Constraint.Regex(pattern)));
    }
  }

  private static void addChoice(String field, List<String> choices, List<Asked> asked) {
    if (choices == null) {
      return;
    }
    if (choices.isEmpty()) {
      throw ApiException.invalid(field, field + " has no choices; send at least one.");
    }
    asked.add(new Asked(field, choices, null));
  }

  /** Adds a schema; some clients send it as a string of JSON. */
  private static void addSchema(String field, JsonNode sent, List<Asked> asked) {
    if (sent == null || sent.isNull()) {
      return;
    }
    JsonNode schema = sent;
    if (sent.isString()) {
      try {
        schema = JsonMapper.shared().readTree(sent.stringValue());
      } catch (JacksonException e) {
        schema = null;
      }
      if (schema == null || schema.isMissingNode()) {
        throw ApiException.invalid(
            field, field + " is a string that is not JSON; send the JSON Schema as an object.");
      }
    }
    String text = schema.toString();
    if (text.length() > MAX_SCHEMA) {
      throw ApiException.invalid(
          field,
          "%s has %d characters, but the limit is %d; use a smaller schema."
              .formatted(field, text.length(), MAX_SCHEMA));
    }
    asked.add(new Asked(field, null, new Constraint.Schema(text)));
  }

  private Structure oneOf(Asked asked) {
    Set<String> seen = new LinkedHashSet<>();
    List<Structure.Choice> choices = new ArrayList<>();
    for (int i = 0; i < asked.choices().size(); i++) {
      String field = asked.field() + "[" + i + "]";
      String text = asked.choices().get(i);
      if (text.isEmpty()) {
        throw ApiException.invalid(field, field + " is empty; send a text.");
      }
      if (seen.add(text)) {
        choices.add(new Structure.Choice(text, reader.encode(field, text)));
      }
    }
    return new Structure.OneOf(asked.field(), choices);
  }

  private Structure automaton(Asked asked) {
    try {
      return new Structure.Automaton(
          constraints.of(model).get(asked.constraint(), AbortCheck.current()::check));
    } catch (ConstraintException e) {
      throw ApiException.invalid(
          asked.field(), "%s cannot be used: %s.".formatted(asked.field(), e.getMessage()));
    }
  }

  private static boolean isEmpty(JsonNode value) {
    return value == null
        || (value.isString() && value.stringValue().isEmpty())
        || (value.isObject() && value.isEmpty());
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
