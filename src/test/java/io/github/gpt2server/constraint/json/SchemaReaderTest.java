package io.github.gpt2server.constraint.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Compares automata of schemas with an independent validator, on every value of a small world. */
class SchemaReaderTest {
  private static final List<String> SCALARS =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "1",
          "-1",
          "2",
          "10",
          "11",
          "-7",
          "0.5",
          "-1.5",
          "10.25",
          "\"\"",
          "\"a\"",
          "\"b\"",
          "\"ab\"",
          "\"ba\"",
          "\"aaa\"",
          "\"é\"",
          "\"😀\"",
          "\"\\\"\"",
          "\"\\n\"",
          "\"a\\\\b\"",
          "\"1\"",
          "\"2024-02-28\"",
          "\"2024-04-31\"",
          "\"127.0.0.1\"");
  private static final List<String> MEMBERS = List.of("null", "1", "-1", "\"a\"", "\"ab\"", "[1]");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'null'}",
        "{'type':['boolean','null']}",
        "{'type':'integer'}",
        "{'type':'number'}",
        "{'type':'integer','minimum':-1,'maximum':10}",
        "{'type':'integer','exclusiveMinimum':-1,'exclusiveMaximum':10.5}",
        "{'type':'number','minimum':0.5,'exclusiveMaximum':10.25}",
        "{'type':'number','maximum':-1.5,'description':'x'}",
        "{'type':'string'}",
        "{'type':'string','minLength':1,'maxLength':2}",
        "{'type':'string','minLength':2}",
        "{'type':'string','maxLength':0}",
        "{'type':'string','pattern':'a'}",
        "{'type':'string','pattern':'^a+$'}",
        "{'type':'string','pattern':'^a|b$','maxLength':2}",
        "{'type':'string','pattern':'[^a]','minLength':1}",
        "{'type':'string','pattern':'\\\\\\\\|\\\"'}",
        "{'type':'string','format':'date'}",
        "{'type':'string','format':'ipv4'}",
        "{'enum':['a',1,null,[1,2],{'a':1},'\\\"']}",
        "{'type':'string','enum':['a',1]}",
        "{'const':'é'}",
        "{'const':{'a':1,'b':[1]}}",
        "{'const':1,'enum':[1,2]}",
        "{'anyOf':[{'type':'string','maxLength':1},{'type':'integer'}],'default':1}",
        "{'oneOf':[{'type':'string'},{'type':'integer'}]}",
        "{'oneOf':[{'const':'a'},{'enum':['b','ab']}]}",
        "{'allOf':[{'$ref':'#/$defs/x'}],'$defs':{'x':{'type':'string','minLength':2}}}",
        "{'$ref':'#/definitions/x','definitions':{'x':{'type':['integer','string'],'minimum':2}}}",
        "{'type':'array','items':{'type':'integer'}}",
        "{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':2}",
        "{'type':'array','items':{'type':'string'},'minItems':2}",
        "{'type':'array','items':{},'maxItems':2}",
        "{'type':'array','items':false}",
        "{'type':'array','maxItems':0}",
        "{'type':'array','prefixItems':[{'type':'integer'},{'type':'null'}],'items':false}",
        "{'type':'array','prefixItems':[{'type':'integer'},{'type':'null'}],'items':false,'minItems':1}",
        "{'type':'array','prefixItems':[{'const':1}],'items':{'type':'string'},'minItems':2}",
        "{'type':'array','prefixItems':[{'const':1}],'items':{'type':'string'},'maxItems':2}",
        "{'type':'array','prefixItems':[{'const':1},{'const':'a'}],'items':true,'maxItems':1}",
        "{'items':{'type':'integer'},'minItems':1,'type':'array'}",
        "{'type':'object','properties':{'a':{'type':'integer'}},'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'integer'},'b':{},'c':{'type':'null'}},'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'integer'},'b':{},'c':{'type':'null'}},'required':['b'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':{},'b':{},'c':{}},'required':['a','c'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':false,'b':{}},'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'integer'}},'additionalProperties':{'type':'string'}}",
        "{'type':'object','properties':{'a':{}},'required':['a','b'],'additionalProperties':true}",
        "{'type':'object','additionalProperties':{'type':'integer'}}",
        "{'type':'object','required':[]}",
        "{'type':'object','additionalProperties':false}",
        "{'type':['object','null'],'required':['a'],'properties':{'a':{'$ref':'#/properties/b'},'b':{'type':'integer'}},'additionalProperties':false}",
        "{}",
        "true"
      })
  void acceptsExactlyWhatIsValidAndOfTheDocumentedForm(String quoted) {
    String schema = quoted.replace('\'', '"');
    ByteAutomaton automaton = automaton(schema);
    Validator validator = new Validator(schema);
    int valid = 0;
    for (String text : world()) {
      boolean expected = validator.accepts(text) && inOrder(text, schema);
      valid += expected ? 1 : 0;
      assertThat(automaton.matches(text.getBytes(UTF_8)))
          .as("%s for %s", text, schema)
          .isEqualTo(expected);
    }
    assertThat(valid).as(schema).isPositive();
  }

  @Test
  void whiteSpaceIsOneSpaceAfterCommasAndColons() {
    ByteAutomaton automaton =
        automaton("{\"properties\":{\"a\":{\"type\":\"array\"},\"b\":{\"const\":[1,{\"x\":2}]}}}");
    for (String text :
        List.of(
            "{\"a\":[1,2],\"b\":[1,{\"x\":2}]}",
            "{\"a\": [1, 2], \"b\": [1, {\"x\": 2}]}",
            "{\"a\": [1,2],\"b\":[1, {\"x\":2}]}")) {
      assertThat(automaton.matches(text.getBytes(UTF_8))).as(text).isTrue();
    }
    for (String text :
        List.of(
            "{ \"a\":[1]}",
            "{\"a\" :[1]}",
            "{\"a\":  [1]}",
            "{\"a\":[1 ,2]}",
            "{\"a\":[1]} ",
            "{\"a\":\n[1]}")) {
      assertThat(automaton.matches(text.getBytes(UTF_8))).as(text).isFalse();
    }
  }

  @Test
  void propertiesComeInTheSchemasOrderAndOthersAfterThem() {
    ByteAutomaton automaton =
        automaton(
            "{\"properties\":{\"b\":{},\"a\":{}},\"additionalProperties\":{\"type\":\"null\"}}");
    assertThat(automaton.matches("{\"b\":1,\"a\":2,\"c\":null}".getBytes(UTF_8))).isTrue();
    assertThat(automaton.matches("{\"a\":1,\"b\":2}".getBytes(UTF_8))).isFalse();
    assertThat(automaton.matches("{\"b\":1,\"b\":null}".getBytes(UTF_8))).isFalse();
    assertThat(automaton.matches("{\"c\":1}".getBytes(UTF_8))).isFalse();
  }

  @Test
  void referencesAreFollowedToADepth() {
    ByteAutomaton automaton =
        automaton(
            "{\"$ref\":\"#/$defs/node\",\"$defs\":{\"node\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/node\"}}}}");
    int deepest = SchemaReader.MAX_RECURSION + 1;
    assertThat(automaton.matches(("[".repeat(deepest) + "]".repeat(deepest)).getBytes(UTF_8)))
        .isTrue();
    assertThat(
            automaton.matches(("[".repeat(deepest + 1) + "]".repeat(deepest + 1)).getBytes(UTF_8)))
        .isFalse();
  }

  @Test
  void objectsAreNestedToADepth() {
    DeterministicBuilder builder = builder();
    ByteAutomaton automaton = builder.finish(SchemaReader.anyObject(builder));
    int depth = SchemaReader.OBJECT_DEPTH - 1;
    String deepest = "{\"a\":" + "[".repeat(depth) + "1" + "]".repeat(depth) + "}";
    assertThat(automaton.matches(deepest.getBytes(UTF_8))).isTrue();
    assertThat(automaton.matches(deepest.replace("1", "[1]").getBytes(UTF_8))).isFalse();
    assertThat(automaton.matches("{}".getBytes(UTF_8))).isTrue();
    assertThat(automaton.matches("[]".getBytes(UTF_8))).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '~',
      value = {
        "{'multipleOf':2} ! the keyword multipleOf at # is not supported; use minimum and maximum, or enum",
        "{'items':{'uniqueItems':true}} ! the keyword uniqueItems at #/items is not supported",
        "{'properties':{'a':{'not':{}}}} ! the keyword not at #/properties/a is not supported",
        "{'patternProperties':{}} ! the keyword patternProperties at # is not supported",
        "{'minlength':2} ! the keyword minlength at # is unknown",
        "{'type':'text'} ! the type at # is \"text\"; use null, boolean, integer, number",
        "{'type':'string','format':'uri'} ! the format \"uri\" at # is not supported; use date,",
        "{'type':'string','pattern':'(?=a)'} ! pattern at # cannot be used: it has look-ahead",
        "{'type':'string','minLength':-1} ! minLength at # must be a whole number from 0",
        "{'type':'string','maxLength':1.5} ! maxLength at # must be a whole number from 0",
        "{'type':'integer','minimum':'1'} ! minimum at # must be a number",
        "{'type':'integer','minimum':1e300} ! minimum at # has more than 40 digits",
        "{'type':'integer','exclusiveMinimum':true} ! exclusiveMinimum at # must be a number",
        "{'allOf':[{},{}]} ! allOf at # with 2 schemas is not supported",
        "{'anyOf':[]} ! anyOf at # must be an array of schemas",
        "{'anyOf':[{}],'type':'object'} ! anyOf at # has type beside it",
        "{'oneOf':[{'type':'integer'},{'type':'number'}]} ! the schemas 0 and 1 of oneOf at # may accept the same value",
        "{'oneOf':[{'type':'object'},{'type':'object'}]} ! the schemas 0 and 1 of oneOf at # may accept",
        "{'$ref':'http://x/y'} ! the $ref at # leads out of the schema",
        "{'$ref':'#/$defs/x'} ! the $ref at # leads to nothing in the schema",
        "{'$ref':7} ! $ref at # must be a string",
        "{'enum':7} ! enum at # must be an array",
        "{'enum':['a'],'minLength':1} ! minLength at # is beside const or enum",
        "{'items':[{}]} ! items at # is an array of schemas; use prefixItems",
        "{'properties':[]} ! properties at # must be an object",
        "{'required':'a','type':'object'} ! required at # must be an array of names",
        "{'properties':{'a':7}} ! #/properties/a is not a schema",
        "[] ! # is not a schema"
      })
  void whatIsNotSupportedIsNamed(String schema, String message) {
    assertThatThrownBy(() -> automaton(schema.strip().replace('\'', '"')))
        .isInstanceOf(SchemaException.class)
        .hasMessageStartingWith(message.strip());
  }

  @Test
  void oneOfDistinguishesObjectsByAConstant() {
    String schema =
        "{\"oneOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/b\"}],\"$defs\":{"
            + "\"a\":{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"a\"}},\"required\":[\"k\"]},"
            + "\"b\":{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"b\"}},\"required\":[\"k\"]}}}";
    ByteAutomaton automaton = automaton(schema);
    assertThat(automaton.matches("{\"k\":\"b\"}".getBytes(UTF_8))).isTrue();
    assertThat(automaton.matches("{\"k\":\"c\"}".getBytes(UTF_8))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "false",
        "{\"enum\":[]}",
        "{\"type\":\"string\",\"minLength\":2,\"maxLength\":1}",
        "{\"type\":\"string\",\"pattern\":\"^abc$\",\"maxLength\":2}",
        "{\"type\":\"integer\",\"minimum\":1.2,\"maximum\":1.8}",
        "{\"type\":\"object\",\"properties\":{\"a\":false},\"required\":[\"a\"]}",
        "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
        "{\"$ref\":\"#\"}"
      })
  void contradictionsHaveNoText(String schema) {
    assertThat(automaton(schema).states()).isZero();
  }

  @Test
  void oneOfOfSchemasThatReferToThemselvesIsDecided() {
    String node =
        "{\"type\":\"object\",\"required\":[\"x\",\"y\"],\"properties\":{\"x\":{\"$ref\":\"#/$defs/%s\"},"
            + "\"y\":{\"$ref\":\"#/$defs/%s\"}}}";
    String schema =
        "{\"oneOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/b\"}],\"$defs\":{\"a\":%s,\"b\":%s}}"
            .formatted(node.formatted("a", "a"), node.formatted("b", "b"));
    assertThatThrownBy(() -> automaton(schema))
        .isInstanceOf(SchemaException.class)
        .hasMessageStartingWith("the schemas 0 and 1 of oneOf at # may accept the same value");
  }

  @Test
  void patternsAndSchemasOfOneOfAreCounted() {
    String pattern = "{\"type\":\"string\",\"pattern\":\"a\"}";
    assertThatThrownBy(
            () -> automaton("{\"anyOf\":[" + (pattern + ",").repeat(100) + pattern + "]}"))
        .isInstanceOf(SchemaException.class)
        .hasMessageStartingWith("it has more than 100 patterns");
    assertThatThrownBy(() -> automaton("{\"oneOf\":[" + "{},".repeat(100) + "{}]}"))
        .isInstanceOf(SchemaException.class)
        .hasMessageStartingWith("oneOf at # has 101 schemas, but the limit is 100");
  }

  @Test
  void referencesCannotMultiplyWithoutEnd() {
    StringBuilder schema = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 25; i++) {
      String next = "{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}";
      schema.append("\"d%d\":{\"prefixItems\":[%s,%s]},".formatted(i, next, next));
    }
    schema.append("\"d25\":{\"type\":\"null\"}}}");
    assertThatThrownBy(() -> automaton(schema.toString()))
        .isInstanceOf(SchemaException.class)
        .hasMessageStartingWith("it has more than 10000 schemas");
  }

  @Test
  void schemasCannotBeNestedWithoutEnd() {
    String schema = "{\"items\":".repeat(200) + "{}" + "}".repeat(200);
    assertThatThrownBy(() -> automaton(schema))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("is nested more than 64 deep");
  }

  private static ByteAutomaton automaton(String schema) {
    DeterministicBuilder builder = builder();
    return builder.finish(SchemaReader.read(JsonMapper.shared().readTree(schema), builder));
  }

  private static DeterministicBuilder builder() {
    return new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> {});
  }

  /** Returns whether an object has the members that the schema names first, in its order. */
  private static boolean inOrder(String text, String schema) {
    List<String> names = new ArrayList<>(JsonMapper.shared().readTree(text).propertyNames());
    JsonNode read = JsonMapper.shared().readTree(schema);
    Set<String> order = new LinkedHashSet<>(read.path("properties").propertyNames());
    read.path("required").forEach(name -> order.add(name.stringValue()));
    order.addAll(read.path("const").propertyNames());
    order.retainAll(names);
    return names.subList(0, order.size()).equals(List.copyOf(order));
  }

  /** Scalars, arrays of up to three values, objects of up to three members. */
  private static List<String> world() {
    List<String> world = new ArrayList<>(SCALARS);
    world.addAll(List.of("[]", "{}", "[1,2]", "{\"a\":1,\"b\":[1]}"));
    for (String a : MEMBERS) {
      world.add("[" + a + "]");
      for (String name : List.of("a", "b", "c")) {
        world.add("{\"" + name + "\":" + a + "}");
      }
      for (String b : MEMBERS) {
        world.add("[" + a + "," + b + "]");
        world.add("[" + a + "," + b + "," + a + "]");
        for (String names : List.of("ab", "ac", "bc", "ba", "ca", "cb")) {
          world.add("{\"%s\":%s,\"%s\":%s}".formatted(names.charAt(0), a, names.charAt(1), b));
        }
        world.add("{\"a\":%s,\"b\":%s,\"c\":%s}".formatted(a, b, a));
      }
    }
    return world;
  }
}
