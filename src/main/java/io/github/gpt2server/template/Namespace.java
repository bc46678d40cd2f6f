package io.github.gpt2server.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** The result of {@code namespace()}: variables that loops may change. */
record Namespace(Map<String, Object> variables) {

  Namespace {
    variables = new LinkedHashMap<>(variables);
  }
}
