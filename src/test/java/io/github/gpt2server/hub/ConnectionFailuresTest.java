package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.testing.Fault;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/**
 * Connections that fail for good, and hubs that have a problem: a sentence each, and the next start
 * succeeds without downloading again what was good.
 */
class ConnectionFailuresTest extends HubTest {
  private static final String OFFLINE_HINT =
      "(gpt2.hub.offline=true serves what the cache holds, and gpt2.model may be a folder).";

  @Test
  void saysThatTheHubIsNotReached() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    fixture.with("HF_ENDPOINT", "http://localhost:" + port);
    assertSentence(
        "http://localhost:"
            + port
            + " cannot be reached: the connection is refused, 3 times in a row; check the network,"
            + " HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);

    fixture.with("HF_ENDPOINT", "http://hub.invalid");
    assertSentence(
        "http://hub.invalid cannot be reached: cannot resolve the host name hub.invalid, 3 times in a"
            + " row; check the network, HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);

    fixture.with("HF_ENDPOINT", fixture.server.endpoint());
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatACertificateIsNotTrusted() throws Exception {
    HttpsServer server = HttpsServer.create(new InetSocketAddress("localhost", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(selfSigned()));
    server.start();
    try {
      String address = "https://localhost:" + server.getAddress().getPort();
      fixture.with("HF_ENDPOINT", address);

      assertThat(failure().getMessage())
          .startsWith(address + " cannot be reached: the TLS connection failed (")
          .endsWith(
              "; if a proxy intercepts TLS, import the proxy's certificate into the JVM's trust"
                  + " store (-Djavax.net.ssl.trustStore), else check gpt2.hub.endpoint.");
      assertThat(fixture.pauses).isEmpty();
    } finally {
      server.stop(0);
    }
  }

  private SSLContext selfSigned() throws Exception {
    Path store = folder.resolve("store.p12");
    char[] password = "changeit".toCharArray();
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    assertThat(
            run(
                keytool,
                "-genkeypair",
                "-alias",
                "hub",
                "-keyalg",
                "RSA",
                "-dname",
                "CN=localhost",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString()))
        .isTrue();
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(KeyStore.getInstance(store.toFile(), password), password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  @Test
  void saysThatTheHubIsSilent() throws Exception {
    fixture.with("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    fixture.server.fail(3, "GET", "/api/", fixture.server.stallAfter(0));

    assertSentence(
        endpoint()
            + " cannot be reached: no answer for 1 seconds, 3 times in a row; check the"
            + " network, HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatAConnectionStallsForGood() throws Exception {
    fixture.with("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, fixture.server.stallAfter(100_000));
    fixture.server.fail(3, "GET", "/org%2Fsmall/" + WEIGHTS, fixture.server.stallAfter(0));

    assertSentence(
        endpoint()
            + " cannot be reached: no data arrived for 1 seconds, 3 times in a row; check the network,"
            + " HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);
    fixture.server.heal().forget();
    assertComplete(fixture.fetch());
    assertThat(rangesOfWeights()).containsExactly("bytes=100000-");
  }

  @Test
  void saysThatTheHubHasAProblem() throws Exception {
    fixture.server.fail(3, "HEAD", WEIGHTS, Fault.status(500));

    assertSentence(
        endpoint()
            + " answered with status 500, 3 times in a row: the hub itself has a problem, so start"
            + " again later "
            + OFFLINE_HINT);
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatTheHubTakesNoMoreRequests() throws Exception {
    fixture.server.fail(1, "GET", "/api/", Fault.status(429, "Retry-After", "3600"));

    assertSentence(
        endpoint()
            + " limits the rate of requests (429 Too Many Requests, it asks to wait 3600"
            + " seconds): start again later, or set HF_TOKEN, because requests with a token have a"
            + " higher limit.");
    assertThat(fixture.pauses).isEmpty();
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatAChecksumIsWrongTwice() throws Exception {
    fixture.server.fail(2, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.corrupt());

    HubException failure = failure();

    assertThat(failure.getMessage())
        .startsWith("model.safetensors of org/small arrived from " + endpoint() + " twice with the")
        .contains(" instead of " + repository.etag(WEIGHTS) + ": something")
        .endsWith("check the proxy and gpt2.hub.endpoint, then start again.");
    assertThat(fixture.blob(repository, WEIGHTS)).doesNotExist();
    assertThat(fixture.incomplete(repository, WEIGHTS)).doesNotExist();
    assertThat(fixture.root().resolve("refs/main")).doesNotExist();
    fixture.server.heal();
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatSomethingElseAnswers() {
    fixture.server.fail(1, "HEAD", WEIGHTS, Fault.status(200));
    assertSentence(
        endpoint()
            + " answers, but without an ETag for model.safetensors of org/small: check that"
            + " gpt2.hub.endpoint is a Hugging Face hub and that no proxy changes its answers.");

    fixture.server.fail(1, "GET", "/api/", Fault.status(418));
    assertSentence(
        endpoint()
            + " answered /api/models/org/small/revision/main with status 418, which no Hugging Face"
            + " hub does: check gpt2.hub.endpoint ("
            + endpoint()
            + ").");

    fixture.server.fail(
        20, "GET", "/api/", Fault.status(302, "Location", "/api/models/org/small/revision/x"));
    assertSentence(
        endpoint()
            + " answers, but with more than 10 redirects in a row: check that gpt2.hub.endpoint is a"
            + " Hugging Face hub and that no proxy changes its answers.");
  }
}
