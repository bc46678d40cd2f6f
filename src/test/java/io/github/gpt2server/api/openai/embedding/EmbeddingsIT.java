package io.github.gpt2server.api.openai.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Embeddings over the wire with the embedded model, against numbers computed elsewhere. */
@SharedServer
class EmbeddingsIT {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int WIDTH = 320;

  private static LiveServer server;
  private static JsonNode golden;

  @BeforeAll
  static void start() throws IOException {
    try (InputStream in = EmbeddingsIT.class.getResourceAsStream("/golden/embeddings.json")) {
      golden = JSON.readTree(in);
    }
  }

  @Test
  void theAnswerHasOpenAisShape() throws IOException {
    JsonNode answer =
        embed("{\"input\":[\"The king was very angry.\",\"\"],\"model\":\"gpt2-fairytales\"}");
    assertThat(answer.propertyNames()).containsExactly("object", "data", "model", "usage");
    assertThat(answer.get("object").stringValue()).isEqualTo("list");
    assertThat(answer.get("model").stringValue()).isEqualTo("gpt2-fairytales");
    // An empty text is <|endoftext|>.
    assertThat(answer.get("usage").toString())
        .isEqualTo("{\"prompt_tokens\":7,\"total_tokens\":7}");
    assertThat(answer.get("data").size()).isEqualTo(2);
    for (int i = 0; i < 2; i++) {
      JsonNode item = answer.get("data").get(i);
      assertThat(item.propertyNames()).containsExactly("object", "index", "embedding");
      assertThat(item.get("object").stringValue()).isEqualTo("embedding");
      assertThat(item.get("index").intValue()).isEqualTo(i);
      assertThat(item.get("embedding").size()).isEqualTo(WIDTH);
    }
    assertThat(answer.at("/data/1/embedding"))
        .isEqualTo(embed("{\"input\":[4095]}").at("/data/0/embedding"));
  }

  @Test
  void byDefaultItIsTheMeanAfterTheLastNormOfLengthOne() throws IOException {
    for (JsonNode text : golden.get("texts")) {
      ObjectNode request = JSON.createObjectNode();
      request.set("input", text.get("text").isNull() ? text.get("token_ids") : text.get("text"));
      JsonNode vector = embed(request.toString()).at("/data/0/embedding");
      assertClose(vector, text.at("/layers/ln_f/mean/unit"));
      double squares = vector.valueStream().mapToDouble(x -> Math.pow(x.doubleValue(), 2)).sum();
      assertThat(squares).isCloseTo(1, within(1e-5));
    }
  }

  /** A layer is that block's output as it is, the last too; only an absent one is after ln_f. */
  @ParameterizedTest
  @CsvSource({"0, mean", "1, mean", "4, mean", "ln_f, mean", "0, last", "1, last", "4, last"})
  void layersAndPoolings(String layer, String pooling) throws IOException {
    JsonNode text = golden.at("/texts/2");
    for (boolean normalize : new boolean[] {true, false}) {
      ObjectNode request =
          JSON.createObjectNode().put("pooling", pooling).put("normalize", normalize);
      request.set("input", text.get("token_ids"));
      if (!layer.equals("ln_f")) {
        request.put("layer", Integer.parseInt(layer));
      }
      assertClose(
          embed(request.toString()).at("/data/0/embedding"),
          text.at("/layers/" + layer + "/" + pooling).get(normalize ? "unit" : "raw"));
    }
  }

  @Test
  void poolingNoneGivesEveryTokensVector() throws IOException {
    JsonNode answer =
        embed(
            "{\"input\":[\"A\",\"The king was very angry.\"],\"pooling\":\"none\",\"layer\":1,\"normalize\":false}");
    assertThat(answer.at("/data/0/embedding").size()).isEqualTo(1);
    JsonNode vectors = answer.at("/data/1/embedding");
    assertThat(vectors.size()).isEqualTo(6);
    for (int i = 0; i < 6; i++) {
      assertClose(vectors.get(i), golden.at("/texts/0/layers/1/none/raw").get(i));
    }
  }

  @Test
  void base64HoldsTheSameFloats() throws IOException {
    for (String pooling : List.of("mean", "none")) {
      String fields = "\"input\":\"The king was\",\"pooling\":\"" + pooling + "\"";
      JsonNode floats = embed("{" + fields + "}").at("/data/0/embedding");
      JsonNode encoded =
          embed("{" + fields + ",\"encoding_format\":\"base64\"}").at("/data/0/embedding");
      if (pooling.equals("mean")) {
        assertThat(decode(encoded)).isEqualTo(JSON.convertValue(floats, float[].class));
      } else {
        assertThat(encoded.size()).isEqualTo(3);
        for (int i = 0; i < 3; i++) {
          assertThat(decode(encoded.get(i)))
              .isEqualTo(JSON.convertValue(floats.get(i), float[].class));
        }
      }
    }
  }

  @Test
  void allFormsOfInputMeanTheSame() throws IOException {
    String ids = golden.at("/texts/0/token_ids").toString();
    JsonNode vector = embed("{\"input\":\"The king was very angry.\"}").get("data");
    assertThat(embed("{\"input\":[\"The king was very angry.\"]}").get("data")).isEqualTo(vector);
    assertThat(embed("{\"input\":" + ids + "}").get("data")).isEqualTo(vector);
    assertThat(embed("{\"input\":[" + ids + "]}").get("data")).isEqualTo(vector);
    assertThat(
            embed(
                    "{\"input\":["
                        + ids
                        + "],\"dimensions\":320,\"user\":\"me\",\"encoding_format\":\"float\",\"pooling\":null,\"layer\":null}")
                .get("data"))
        .isEqualTo(vector);
  }

  /** Among fifty others, and while others generate; JSON shows all digits of a float. */
  @Test
  void aTextHasTheSameBitsInAnyCompany() throws IOException {
    JsonNode text = golden.at("/texts/2/text");
    ObjectNode request = JSON.createObjectNode();
    request.set("input", text);
    JsonNode alone = embed(request.toString()).at("/data/0/embedding");
    ArrayNode crowd = request.putArray("input");
    for (int i = 0; i < 25; i++) {
      crowd.add("The king said to his " + i + ". daughter: come here!".repeat(1 + i % 5));
    }
    crowd.add(text);
    for (int i = 0; i < 25; i++) {
      crowd.add("And they lived happily ".repeat(1 + i));
    }
    List<RawHttp> streams = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        RawHttp stream = server.connect();
        streams.add(stream);
        stream.send(RawHttp.post("/v1/completions", EndlessCompletion.STREAM));
        stream.awaitBytes();
        assertThat(embed(request.toString()).at("/data/25/embedding")).isEqualTo(alone);
      }
      assertThat(server.model().engine().status().running()).isPositive();
    } finally {
      for (RawHttp stream : streams) {
        stream.close();
      }
    }
    assertThat(embed(request.toString()).at("/data/25/embedding")).isEqualTo(alone);
  }

  /** Half a million tokens, of which the client awaits few. */
  @Test
  void leavingHalfWayFreesEverything() throws Exception {
    String text = "[" + "7,".repeat(255) + "7]";
    String texts = (text + ",").repeat(2047) + text;
    Engine engine = server.model().engine();
    try (RawHttp client = server.connect()) {
      client.send(RawHttp.post("/v1/embeddings", "{\"input\":[" + texts + "]}"));
      server.awaitRequests(1);
      server.awaitStatus(status -> status.waiting() == 0 && !idle(engine, Duration.ZERO));
    }
    server.awaitRequests(0);
    assertThat(idle(engine, Duration.ofSeconds(5))).isTrue();
    assertThat(engine.status().waiting()).isZero();
    assertThat(embed("{\"input\":\"A\"}").get("data").size()).isEqualTo(1);
  }

  private static boolean idle(Engine engine, Duration patience) {
    try {
      return engine.awaitIdle(patience);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | input | input is missing; send a text, or an array of texts or token ids.",
        "{\"input\":5} | input | input must be a string, an array of strings, an array of token ids or an array of such arrays, but is 5.",
        "{\"input\":[[4096]]} | input[0] | input[0][0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.",
        "{\"input\":\"a\",\"pooling\":\"max\"} | pooling | pooling must be one of mean, last, none, but is \"max\".",
        "{\"input\":\"a\",\"layers\":1} | layers | layers is not a field of this endpoint; did you mean 'layer'?",
        "{\"input\":\"a\",\"normalize\":1} | normalize | normalize must be true or false, but is 1.",
      })
  void whatIsWrongIsSaid(String body, String param, String message) throws IOException {
    JsonNode error = server.refusal("/v1/embeddings", body);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  @Test
  void aTextThatIsTooLongIsNamed() throws IOException {
    String long513 = "[" + "7,".repeat(512) + "7]";
    JsonNode error = server.refusal("/v1/embeddings", "{\"input\":[[7]," + long513 + "]}");
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("param").stringValue()).isEqualTo("input");
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "This model's context holds 512 tokens, but input[1] has 513; shorten or split"
                + " it.");
    assertThat(
            server
                .refusal("/v1/embeddings", "{\"input\":" + long513 + "}")
                .get("message")
                .stringValue())
        .contains("but input has 513;");
  }

  @Test
  void tooManyInputsOrNumbersAreRefused() throws IOException {
    String texts = "\"a\",".repeat(2048) + "\"a\"";
    assertThat(
            server
                .refusal("/v1/embeddings", "{\"input\":[" + texts + "]}")
                .get("message")
                .stringValue())
        .isEqualTo("input may hold at most 2048 texts, but holds more; send fewer in one request.");
    String text = "[" + "7,".repeat(511) + "7]";
    texts = (text + ",").repeat(30) + text;
    assertThat(
            server
                .refusal("/v1/embeddings", "{\"pooling\":\"none\",\"input\":[" + texts + "]}")
                .get("message")
                .stringValue())
        .isEqualTo(
            "The response would contain 15872 vectors of 320 numbers, 5079040 in total, but the limit"
                + " is 5000000; send fewer inputs per request, or set pooling to mean or last.");
  }

  @Test
  void anotherModelIsUnknown() throws IOException {
    RawHttp.Answer answer =
        server.post("/v1/embeddings", "{\"input\":\"a\",\"model\":\"text-embedding-3-small\"}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.body()).contains("model_not_found");
  }

  private static JsonNode embed(String body) throws IOException {
    return server.ask("/v1/embeddings", body);
  }

  private static float[] decode(JsonNode base64) {
    byte[] bytes = Base64.getDecoder().decode(base64.stringValue());
    float[] floats = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  private static void assertClose(JsonNode vector, JsonNode expected) {
    int every = golden.get("every").intValue();
    assertThat(vector.size()).isEqualTo(WIDTH);
    assertThat(expected.size()).isEqualTo(WIDTH / every);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(vector.get(i * every).doubleValue())
          .isCloseTo(expected.get(i).doubleValue(), within(1e-4));
    }
  }
}
