package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.page.StubServer.Request;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The page on a server whose answers each test scripts; a model and bars are there already. */
abstract class ScriptedServerIT extends BrowserIT {
  /** What the page offers to continue. */
  static final String PROMPT = "Once upon a time, there was a";

  static final String MODELS =
      """
      {"object":"list","data":[{"id":"gpt2-fairytales","object":"model","max_model_len":512,
        "vocab_size":4096,"parameters":6404800,"dtype":"float32","device":"cpu"}]}""";

  static final String NEXT =
      """
      {"model":"gpt2-fairytales","prompt_tokens":8,"entropy_bits":3.4567,"candidates":[],"top":[
        {"token_id":7,"token":" little","bytes":[32,108,105,116,116,108,101],"probability":0.52,"logprob":-0.654,"rank":1},
        {"token_id":8,"token":"\\n","bytes":[10],"probability":0.25,"logprob":-1.386,"rank":2},
        {"token_id":9,"token":"bytes:\\\\xe2\\\\x80","bytes":[226,128],"probability":0.125,"logprob":-2.079,"rank":3},
        {"token_id":10,"token":"<b>\\u00a0","bytes":[60,98,62,194,160],"probability":0.0004,"logprob":-7.824,"rank":4},
        {"token_id":11,"token":"token_id:11","bytes":[],"probability":0.00005,"logprob":-9.903,"rank":5}]}""";

  StubServer server;

  @BeforeEach
  void startServer() throws Exception {
    server = new StubServer();
    server.on("/v1/models", exchange -> exchange.json(200, MODELS));
    server.on("/v1/next-token", exchange -> exchange.json(200, NEXT));
  }

  @AfterEach
  void stopServer() {
    server.close();
    assertThat(server.unknown()).as("paths the page asked for in vain").isEmpty();
  }

  /** Opens the page and waits until it has asked for everything it asks for by itself. */
  PlaygroundPage open() {
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.awaitBars();
    return page;
  }

  /** The next request for a path; those for others are passed over. */
  Request take(String path) throws InterruptedException {
    while (true) {
      Request request = server.requests().poll(10, TimeUnit.SECONDS);
      assertThat(request).as("a request for " + path).isNotNull();
      if (request.path().equals(path)) {
        return request;
      }
    }
  }

  /** An event with a piece of text, which is to be escaped as JSON wants it. */
  static String chunk(String jsonText, String finishReason) {
    return "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"%s\",\"finish_reason\":%s}]}\n\n"
        .formatted(jsonText, finishReason == null ? null : "\"" + finishReason + "\"");
  }
}
