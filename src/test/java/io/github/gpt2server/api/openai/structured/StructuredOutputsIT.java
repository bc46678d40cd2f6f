package io.github.gpt2server.api.openai.structured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.constraint.json.Validator;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Structured outputs over the wire, with the embedded model. */
class StructuredOutputsIT {
  private static final String PATH = "/v1/completions";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PERSON =
      "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,"
          + "\"maxLength\":12},\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":120},"
          + "\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"old\",\"young\",\"kind\"]},"
          + "\"maxItems\":3}},\"required\":[\"name\",\"age\"],\"additionalProperties\":false}";

  private static LiveServer server;

  @BeforeAll
  static void start() {
    server = new LiveServer("--gpt2.dtype=float32");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.7, 1, 2})
  void textsMatchARegularExpression(double temperature) throws IOException {
    String regex = "(The|A) [a-z]{3,8} (king|queen|princess)( [a-zé]+){1,4}[.!]";
    ObjectNode request = request("Once upon a time: ", 60);
    request.put("temperature", temperature).put("n", 8).put("seed", 3);
    request.putObject("structured_outputs").put("regex", regex);
    Pattern pattern = Pattern.compile(regex);
    for (JsonNode choice : ask(request).get("choices")) {
      if (choice.get("finish_reason").stringValue().equals("stop")) {
        assertThat(choice.get("text").stringValue()).matches(pattern);
        assertThat(choice.get("stop_reason").isNull()).isTrue();
      } else {
        assertThat(begins(pattern, choice.get("text").stringValue())).isTrue();
      }
    }
  }

  /** Returns whether a text can be the beginning of one that matches. */
  private static boolean begins(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.matches() || matcher.hitEnd();
  }

  @Test
  void jsonIsValidInEveryFieldThatAsksForIt() throws IOException {
    Validator validator = new Validator(PERSON);
    List<ObjectNode> forms = new ArrayList<>();
    JsonNode schema = JSON.readTree(PERSON);
    forms.add(object("structured_outputs", object("json", schema)));
    forms.add(object("structured_outputs", object("json", JSON.valueToTree(PERSON))));
    ObjectNode named = object("type", JSON.valueToTree("json_schema"));
    named.set("json_schema", object("schema", schema).put("name", "person").put("strict", true));
    forms.add(object("response_format", named));
    ObjectNode plain = object("type", JSON.valueToTree("json_object"));
    plain.set("schema", schema);
    forms.add(object("response_format", plain));
    forms.add(object("json_schema", schema));
    forms.add(object("guided_json", schema));
    List<String> texts = new ArrayList<>();
    for (ObjectNode form : forms) {
      form.put("prompt", "A person: ").put("max_tokens", 120).put("n", 4).put("seed", 5);
      for (JsonNode choice : ask(form).get("choices")) {
        String text = choice.get("text").stringValue();
        assertThat(choice.get("finish_reason").stringValue()).as(text).isEqualTo("stop");
        assertThat(validator.accepts(text)).as(text).isTrue();
        texts.add(text);
      }
    }
    // The same form and the same seeds.
    assertThat(texts.subList(4, texts.size()))
        .isEqualTo(
            Collections.nCopies(5, texts.subList(0, 4)).stream().flatMap(List::stream).toList());
  }

  @Test
  void anyObjectBeginsAnObject() throws IOException {
    ObjectNode request = request("Settings: ", 40);
    request.put("temperature", 0);
    request.putObject("response_format").put("type", "json_object");
    assertThat(ask(request).get("choices").get(0).get("text").stringValue()).startsWith("{");
  }

  @Test
  void aCutTextEndsForItsLength() throws IOException {
    ObjectNode request = request("A person: ", 3);
    request.set("structured_outputs", object("json", JSON.readTree(PERSON)));
    JsonNode choice = ask(request).get("choices").get(0);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("length");
    assertThat(choice.get("text").stringValue()).startsWith("{");
  }

  @Test
  void aTextThatMayEndOrGoOnEndsWhereTheModelEndsIt() throws IOException {
    ObjectNode request = request("Count: ", 60);
    request.put("temperature", 2).put("n", 16).put("seed", 1).put("return_token_ids", true);
    request.putObject("structured_outputs").put("regex", "[0-9 ]*");
    int end = server.model().tokenizer().endOfText().orElseThrow();
    for (JsonNode choice : ask(request).get("choices")) {
      assertThat(choice.get("text").stringValue()).matches("[0-9 ]*");
      if (choice.get("finish_reason").stringValue().equals("stop")) {
        assertThat(choice.get("stop_reason").intValue()).isEqualTo(end);
      }
    }
    request.put("ignore_eos", true);
    for (JsonNode choice : ask(request).get("choices")) {
      assertThat(choice.get("finish_reason").stringValue()).isEqualTo("length");
      assertThat(choice.get("token_ids").valueStream().noneMatch(id -> id.intValue() == end))
          .isTrue();
    }
  }

  @Test
  void charactersOfSeveralBytesAreWhole() throws IOException {
    ObjectNode request = request("Text: ", 100);
    request.put("n", 4).put("seed", 9);
    request.putObject("structured_outputs").put("regex", "[日本語€é]{6}");
    for (JsonNode choice : ask(request).get("choices")) {
      assertThat(choice.get("text").stringValue()).matches("[日本語€é]{6}");
    }
  }

  @Test
  void greedyTakesTheLikeliestChoiceAsAWhole() throws IOException {
    List<String> choices =
        List.of(" angry", " happy and glad", " old", " very sad", " the", " dead in the wood");
    Map<String, Double> expected = logprobs("The king was", choices);
    ObjectNode request = request("The king was", 16);
    request.put("temperature", 0).put("return_structured_mass", true);
    request.putObject("structured_outputs").set("choice", JSON.valueToTree(choices));
    JsonNode choice = ask(request).get("choices").get(0);
    String likeliest =
        expected.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    assertThat(choice.get("text").stringValue()).isEqualTo(likeliest);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    double mass = Math.log(expected.values().stream().mapToDouble(Math::exp).sum());
    assertThat(choice.get("structured_mass").doubleValue()).isCloseTo(mass, within(1e-4));
  }

  @Test
  void choicesAreDrawnWithTheirConditionalProbabilities() throws IOException {
    List<String> choices = List.of(" angry", " old", " very old", " dead", " so angry");
    Map<String, Double> logprobs = logprobs("The king was", choices);
    double all = logprobs.values().stream().mapToDouble(Math::exp).sum();
    Map<String, Integer> drawn = new HashMap<>();
    int n = 128;
    int rounds = 8;
    for (int seed = 0; seed < rounds; seed++) {
      ObjectNode request = request("The king was", 16);
      request.put("n", n).put("seed", seed);
      request.putObject("structured_outputs").set("choice", JSON.valueToTree(choices));
      for (JsonNode choice : ask(request).get("choices")) {
        drawn.merge(choice.get("text").stringValue(), 1, Integer::sum);
      }
    }
    for (String choice : choices) {
      double p = Math.exp(logprobs.get(choice)) / all;
      double deviation = Math.sqrt(p * (1 - p) * n * rounds);
      // Fixed seeds: it either passes always or never.
      assertThat((double) drawn.getOrDefault(choice, 0))
          .as(choice)
          .isCloseTo(p * n * rounds, within(4 * deviation + 1));
    }
  }

  @Test
  void streamsHaveTheSameTexts() throws IOException {
    for (String form :
        List.of(
            "{\"regex\": \"[a-z ]{10,40}[.]\"}",
            "{\"json\": " + PERSON + "}",
            "{\"choice\": [\" the king and the queen\", \" nobody\"]}")) {
      ObjectNode request = request("Once upon a time", 80);
      request.put("n", 3).put("seed", 4).put("logprobs", 2).put("return_structured_mass", true);
      request.put("return_token_ids", true);
      request.set("structured_outputs", JSON.readTree(form));
      JsonNode whole = ask(request).get("choices");
      request.put("stream", true);
      RawHttp.Answer answer = server.post(PATH, request.toString());
      List<StringBuilder> texts =
          List.of(new StringBuilder(), new StringBuilder(), new StringBuilder());
      List<List<Double>> masses = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      answer
          .body()
          .lines()
          .filter(line -> line.startsWith("data: {"))
          .map(line -> JSON.readTree(line.substring(6)).get("choices").get(0))
          .forEach(
              chunk -> {
                int index = chunk.get("index").intValue();
                texts.get(index).append(chunk.get("text").stringValue());
                JsonNode mass = chunk.path("structured_mass");
                mass.valueStream().forEach(each -> masses.get(index).add(each.doubleValue()));
                if (mass.isNumber()) {
                  masses.get(index).add(mass.doubleValue());
                }
              });
      for (int i = 0; i < 3; i++) {
        assertThat(texts.get(i).toString()).isEqualTo(whole.get(i).get("text").stringValue());
        JsonNode mass = whole.get(i).get("structured_mass");
        if (mass.isNumber()) {
          assertThat(masses.get(i)).containsExactly(mass.doubleValue());
        } else {
          assertThat(masses.get(i))
              .isEqualTo(mass.valueStream().map(JsonNode::doubleValue).toList())
              .hasSize(whole.get(i).get("token_ids").size());
        }
      }
    }
  }

  @Test
  void logprobsAndMassAreTheModelsOwn() throws IOException {
    ObjectNode request = request("The king said ", 4);
    request.put("temperature", 0).put("logprobs", 0).put("return_token_ids", true);
    request.put("return_structured_mass", true);
    request.putObject("structured_outputs").put("regex", "[0-9]{4}");
    JsonNode choice = ask(request).get("choices").get(0);
    Gpt2Tokenizer tokenizer = server.model().tokenizer();
    List<Integer> tokens = new ArrayList<>();
    for (int token : tokenizer.encode("The king said ")) {
      tokens.add(token);
    }
    for (int i = 0; i < choice.get("token_ids").size(); i++) {
      ObjectNode next = JSON.createObjectNode();
      next.set("tokens", JSON.valueToTree(tokens));
      next.put("top_k", server.model().vocabSize());
      JsonNode top = server.ask("/v1/next-token", next.toString()).get("top");
      int token = choice.get("token_ids").get(i).intValue();
      double allowed = 0;
      int left = 4 - choice.get("text").stringValue().substring(0, textOf(choice, i)).length();
      for (JsonNode each : top) {
        if (each.get("token").stringValue().matches("[0-9]{1," + left + "}")) {
          allowed += each.get("probability").doubleValue();
        }
        if (each.get("token_id").intValue() == token) {
          assertThat(choice.get("logprobs").get("token_logprobs").get(i).doubleValue())
              .isCloseTo(each.get("logprob").doubleValue(), within(1e-4));
        }
      }
      assertThat(choice.get("structured_mass").get(i).doubleValue())
          .isCloseTo(Math.log(allowed), within(1e-3));
      tokens.add(token);
    }
  }

  private static int textOf(JsonNode choice, int tokens) {
    int length = 0;
    for (int i = 0; i < tokens; i++) {
      length += server.model().tokenizer().bytes(choice.get("token_ids").get(i).intValue()).length;
    }
    return length;
  }

  @Test
  void stopStringsEndTheText() throws IOException {
    ObjectNode request = request("Once upon a time", 60);
    request.put("temperature", 0).put("stop", "e");
    request.putObject("structured_outputs").put("regex", "[a-z ]{30,60}");
    JsonNode choice = ask(request).get("choices").get(0);
    assertThat(choice.get("stop_reason").stringValue()).isEqualTo("e");
    assertThat(choice.get("text").stringValue()).matches("[a-df-z ]*");
  }

  @Test
  void promptsAreConstrainedEachOnItsOwn() throws IOException {
    ObjectNode request = request("", 60);
    request.set("prompt", JSON.valueToTree(List.of("The king", "A girl", "The wolf")));
    request.put("n", 2).put("seed", 8).put("echo", true);
    request
        .putObject("structured_outputs")
        .set("choice", JSON.valueToTree(List.of(" sat", " ran away")));
    JsonNode choices = ask(request).get("choices");
    assertThat(choices.size()).isEqualTo(6);
    for (int i = 0; i < 6; i++) {
      assertThat(choices.get(i).get("text").stringValue())
          .matches(List.of("The king", "A girl", "The wolf").get(i / 2) + "( sat| ran away)");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '~',
      value = {
        "{'structured_outputs': {'regex': '(a'}} ! structured_outputs.regex ! structured_outputs.regex cannot be used: it has a ( without its ) at character 1; write \\( for the character.",
        "{'structured_outputs': {'regex': '(a|b)*a(a|b){60}'}} ! structured_outputs.regex ! structured_outputs.regex cannot be used: it is ambiguous in too many ways; use a simpler one, with smaller numbers of repetitions or lengths.",
        "{'structured_outputs': {'json': {'type': 'integer', 'multipleOf': 3}}} ! structured_outputs.json ! structured_outputs.json cannot be used: the keyword multipleOf at # is not supported; use minimum and maximum, or enum.",
        "{'structured_outputs': {'json': '{'}} ! structured_outputs.json ! structured_outputs.json is a string that is not JSON; send the JSON Schema as an object.",
        "{'structured_outputs': {'choice': []}} ! structured_outputs.choice ! structured_outputs.choice has no choices; send at least one.",
        "{'structured_outputs': {'choice': ['a', null]}} ! structured_outputs.choice[1] ! structured_outputs.choice[1] must be a string, but is null.",
        "{'structured_outputs': {'choice': ['a', '']}} ! structured_outputs.choice[1] ! structured_outputs.choice[1] is empty; send a text.",
        "{'structured_outputs': {'choice': ['a'], 'regex': 'b'}} ! structured_outputs.regex ! structured_outputs.choice and structured_outputs.regex both ask for a form of the text; send one of them.",
        "{'structured_outputs': {'regex': 'b'}, 'response_format': {'type': 'json_object'}} ! response_format ! structured_outputs.regex and response_format both ask for a form of the text; send one of them.",
        "{'response_format': {'type': 'xml'}} ! response_format.type ! response_format.type is \"xml\"; use text, json_object or json_schema.",
        "{'response_format': {'type': 'json_schema'}} ! response_format.json_schema ! response_format has the type json_schema, but no json_schema.schema; send the schema there.",
        "{'structured_outputs': {'choice': ['a']}, 'logit_bias': {'5': 1}} ! logit_bias ! logit_bias cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex.",
        "{'structured_outputs': {'regex': 'a'}, 'stop_token_ids': [5]} ! stop_token_ids ! stop_token_ids cannot be combined with a form of the text, which says where the text ends; remove stop_token_ids, or use stop.",
        "{'return_structured_mass': true} ! return_structured_mass ! return_structured_mass requires structured_outputs; send it, or remove return_structured_mass.",
        "{'structured_outputs': {'grammar': 'root ::= x'}} ! structured_outputs.grammar  ! -",
        "{'guided_grammar': 'x'} ! guided_grammar  ! -"
      })
  void whatCannotBeUsedIsRefused(String body, String param, String message) throws IOException {
    ObjectNode request = (ObjectNode) JSON.readTree(body.replace('\'', '"'));
    request.put("prompt", "a");
    JsonNode error = server.refusal(PATH, request.toString());
    assertThat(error.get("param").stringValue()).isEqualTo(param.strip());
    if (!message.isBlank() && !message.strip().equals("-")) {
      assertThat(error.get("message").stringValue()).isEqualTo(message.strip());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'response_format': {'type': 'text'}}",
        "{'response_format': {}}",
        "{'structured_outputs': {}}",
        "{'structured_outputs': {'json_object': false}}",
        "{'json_schema': {}, 'guided_json': '', 'guided_regex': '', 'guided_choice': []}"
      })
  void nothingAskedIsAnyText(String body) throws IOException {
    ObjectNode request = (ObjectNode) JSON.readTree(body.replace('\'', '"'));
    request.put("prompt", "The king").put("max_tokens", 8).put("temperature", 0);
    ObjectNode plain = request("The king", 8);
    plain.put("temperature", 0);
    assertThat(ask(request).get("choices")).isEqualTo(ask(plain).get("choices"));
  }

  private static Map<String, Double> logprobs(String prompt, List<String> choices)
      throws IOException {
    ObjectNode request = JSON.createObjectNode();
    request.put("prompt", prompt).set("candidates", JSON.valueToTree(choices));
    Map<String, Double> logprobs = new HashMap<>();
    for (JsonNode each : server.ask("/v1/next-token", request.toString()).get("candidates")) {
      logprobs.put(each.get("text").stringValue(), each.get("logprob").doubleValue());
    }
    return logprobs;
  }

  private static JsonNode ask(ObjectNode request) throws IOException {
    return server.ask(PATH, request.toString());
  }

  private static ObjectNode request(String prompt, int maxTokens) {
    return JSON.createObjectNode().put("prompt", prompt).put("max_tokens", maxTokens);
  }

  private static ObjectNode object(String name, JsonNode value) {
    ObjectNode object = JSON.createObjectNode();
    object.set(name, value);
    return object;
  }
}
