package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.gpt2server.hub.LookAlikeHub.Repository;
import io.github.gpt2server.hub.LookAlikeHub.Request;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * What goes wrong between the hub and the cache: it mends itself, or it ends in one sentence and
 * the next start succeeds without downloading again what was good.
 */
class HubFaultsTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final int SIZE = 300_000;
  private static final String OFFLINE_HINT =
      "(gpt2.hub.offline=true serves what the cache holds, and gpt2.model may be a folder).";

  @TempDir private Path folder;

  private HubFixture fixture;
  private Repository repository;

  @BeforeEach
  void start() {
    fixture = new HubFixture(folder.resolve("cache"));
    repository = fixture.server.addSmall(HubFixture.MODEL, SIZE);
  }

  @AfterEach
  void stop() {
    assertThat(fixture.server.requests())
        .filteredOn(Request::cdn)
        .allSatisfy(request -> assertThat(request.authorization()).isNull());
    fixture.close();
  }

  // Faults that mend themselves.

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void goesOnWhereABodyWasCut(CapturedOutput output) throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.cutAfter(120_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(2);
    final int resumed = Integer.parseInt(rangesOfWeights().get(1).replaceAll("\\D", ""));
    assertThat(resumed).isBetween(1, 120_000);
    assertThat(fixture.pauses).hasSize(1);
    assertThat(output.getOut())
        .contains("localhost: the connection ended after 120000 of 300000 bytes; trying again in");
  }

  @Test
  void goesOnAsLongAsSomethingComes() throws Exception {
    // More cuts than attempts: each brought something.
    fixture.server.fail(8, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.cutAfter(30_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(9);
  }

  @Test
  void givesUpAConnectionThatHasGoneSilent() throws Exception {
    fixture.with("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, fixture.server.stallAfter(100_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(2).last().isEqualTo("bytes=100000-");
  }

  @Test
  void beginsAnewWhereRangesAreIgnored() throws Exception {
    fixture.leave(repository, WEIGHTS, Arrays.copyOf(repository.content(WEIGHTS), 1_000));
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.ignoreRange());

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).containsExactly("bytes=1000-");
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, SIZE, SIZE + 5})
  void beginsAnewAfterABeginningThatIsWrong(int length) throws Exception {
    fixture.leave(repository, WEIGHTS, new byte[length]);

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).last().isNull();
  }

  @Test
  void downloadsAFileAnewWhoseChecksumIsWrong() throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.corrupt());
    fixture.server.fail(1, "GET", "/resolve-cache/models/org/small", LookAlikeHub.corrupt());

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).containsExactly(null, null);
  }

  @ParameterizedTest
  @CsvSource({"500", "502", "503", "504", "408"})
  void triesAgainAfterAProblemOfTheHub(int status) throws Exception {
    fixture.server.fail(2, "GET", "/api/models/", LookAlikeHub.status(status));

    assertComplete(fixture.fetch());

    assertThat(fixture.pauses).hasSize(2);
    assertThat(fixture.pauses.get(0)).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1_250));
    assertThat(fixture.pauses.get(1)).isBetween(Duration.ofSeconds(2), Duration.ofMillis(2_500));
  }

  @Test
  void waitsAsLongAsTheHubAsks() throws Exception {
    fixture.server.fail(1, "GET", "/api/", LookAlikeHub.status(429, "Retry-After", "7"));
    fixture.server.fail(
        1, "HEAD", WEIGHTS, LookAlikeHub.status(429, "RateLimit", "\"resolvers\";r=0;t=55"));

    assertComplete(fixture.fetch());

    assertThat(fixture.pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(55));
  }

  @Test
  void asksForANewAddressWhenTheOneOfTheCdnIsTooOld() throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.status(403));

    assertComplete(fixture.fetch());

    assertThat(fixture.server.count("GET", "/resolve/" + LookAlikeHub.COMMIT + "/" + WEIGHTS))
        .isEqualTo(2);
  }

  @Test
  void goesOnWithTheCacheWhenTheHubIsAway() throws Exception {
    assertComplete(fixture.fetch());
    fixture.server.fail(9, "GET", "/api/", LookAlikeHub.status(503));
    assertComplete(fixture.fetch());
    assertThat(fixture.pauses).isEmpty();

    fixture.server.close();
    assertComplete(fixture.fetch());
  }

  @Test
  void twoStartsAtOnceDownloadOnce() throws Exception {
    final CountDownLatch half = new CountDownLatch(1);
    final CountDownLatch bothAsked = new CountDownLatch(1);
    fixture.server.fail(
        1,
        "GET",
        "/org%2Fsmall/" + WEIGHTS,
        LookAlikeHub.inTheMiddle(
            () -> {
              half.countDown();
              await(bothAsked);
            }));
    final ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      final Future<Snapshot> first = threads.submit(() -> fixture.fetch());
      await(half);
      final Future<Snapshot> second = threads.submit(() -> fixture.fetch());
      while (fixture.server.count("HEAD", WEIGHTS) < 2) {
        Thread.onSpinWait();
      }
      bothAsked.countDown();
      assertComplete(first.get(60, TimeUnit.SECONDS));
      assertComplete(second.get(60, TimeUnit.SECONDS));
    } finally {
      threads.shutdownNow();
    }
    assertThat(rangesOfWeights()).hasSize(1);
  }

  // Faults that a person must mend.

  @Test
  void saysThatTheHubIsNotReached() throws Exception {
    final int port;
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
        "http://hub.invalid cannot be reached: no address is known for hub.invalid, 3 times in a"
            + " row; check the network, HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);

    fixture.with("HF_ENDPOINT", fixture.server.endpoint());
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatACertificateIsNotTrusted() throws Exception {
    final HttpsServer server = HttpsServer.create(new InetSocketAddress("localhost", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(selfSigned()));
    server.start();
    try {
      final String address = "https://localhost:" + server.getAddress().getPort();
      fixture.with("HF_ENDPOINT", address);

      assertThat(failure().getMessage())
          .startsWith(address + " cannot be asked: no secure connection can be made (")
          .endsWith(
              "; if a proxy signs its traffic, import the proxy's certificate into the JVM's trust"
                  + " store (-Djavax.net.ssl.trustStore), else check gpt2.hub.endpoint.");
      assertThat(fixture.pauses).isEmpty();
    } finally {
      server.stop(0);
    }
  }

  private SSLContext selfSigned() throws Exception {
    final Path store = folder.resolve("store.p12");
    final char[] password = "changeit".toCharArray();
    final String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
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
    final KeyManagerFactory keys =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(KeyStore.getInstance(store.toFile(), password), password);
    final SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  @Test
  void saysThatTheHubIsSilent() throws Exception {
    fixture.with("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    fixture.server.fail(3, "GET", "/api/", fixture.server.stallAfter(0));

    assertSentence(
        endpoint()
            + " cannot be reached: there is no answer for 1 seconds, 3 times in a row; check the"
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
            + " cannot be reached: nothing came for 1 seconds, 3 times in a row; check the network,"
            + " HTTPS_PROXY and gpt2.hub.endpoint "
            + OFFLINE_HINT);
    fixture.server.heal().forget();
    assertComplete(fixture.fetch());
    assertThat(rangesOfWeights()).containsExactly("bytes=100000-");
  }

  @Test
  void saysThatTheHubHasAProblem() throws Exception {
    fixture.server.fail(3, "HEAD", WEIGHTS, LookAlikeHub.status(500));

    assertSentence(
        endpoint()
            + " answered with status 500, 3 times in a row: it has a problem of its own, so start"
            + " again later "
            + OFFLINE_HINT);
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatTheHubTakesNoMoreRequests() throws Exception {
    fixture.server.fail(1, "GET", "/api/", LookAlikeHub.status(429, "Retry-After", "3600"));

    assertSentence(
        endpoint()
            + " takes no more requests for now (429 Too Many Requests, it asks to wait 3600"
            + " seconds): start again later, or set HF_TOKEN, for requests with a token have a"
            + " higher limit.");
    assertThat(fixture.pauses).isEmpty();
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatAChecksumIsWrongTwice() throws Exception {
    fixture.server.fail(2, "GET", "/org%2Fsmall/" + WEIGHTS, LookAlikeHub.corrupt());

    final HubException failure = failure();

    assertThat(failure.getMessage())
        .startsWith("model.safetensors of org/small came from " + endpoint() + " twice with the")
        .contains(
            " instead of "
                + LookAlikeHub.etag(WEIGHTS, repository.content(WEIGHTS))
                + ": something")
        .endsWith("check the proxy and gpt2.hub.endpoint, then start again.");
    assertThat(fixture.blob(repository, WEIGHTS)).doesNotExist();
    assertThat(fixture.incomplete(repository, WEIGHTS)).doesNotExist();
    assertThat(fixture.root().resolve("refs/main")).doesNotExist();
    fixture.server.heal();
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatATokenIsNotAccepted() throws Exception {
    fixture.with("HF_TOKEN", "bad_token");

    assertSentence(
        endpoint()
            + " does not accept the token of HF_TOKEN (401): it is wrong or has expired, so replace"
            + " it, or remove it if org/small is public.");
    fixture.variables.remove("HF_TOKEN");
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatAModelIsGated() throws Exception {
    repository.gatedFor("hf_good");
    final String page = endpoint() + "/org/small";

    assertSentence(
        "org/small is gated: accept its terms at "
            + page
            + ", then set HF_TOKEN (or gpt2.hub.token) to a token of the same account.");
    fixture.with("HF_TOKEN", "hf_other");
    assertSentence(
        "org/small is gated, and the account of the token of HF_TOKEN has no access to it: ask for"
            + " access at "
            + page
            + ".");
    fixture.with("HF_TOKEN", "hf_good");
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatAccessIsForbidden() throws Exception {
    fixture.server.fail(
        1,
        "GET",
        "/api/",
        LookAlikeHub.status(403, "X-Error-Message", "Access to this resource is disabled."));

    assertSentence(
        endpoint()
            + " refuses to give org/small (403, Access to this resource is disabled.): set HF_TOKEN"
            + " (or gpt2.hub.token) if the model is not for everybody.");
    assertNextStartSucceeds(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatThereIsNoSuchModel(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    fixture.server.addSmall("openai-community/gpt2-medium", 10);
    final String start = " on " + endpoint() + ", or it is private, which needs HF_TOKEN: ";

    assertThat(failure("gpt2-medium", "main"))
        .hasMessage(
            "There is no model gpt2-medium"
                + start
                + "did you mean openai-community/gpt2-medium? Set gpt2.model to that, or check the"
                + " name.");
    assertThat(failure("openai/GPT2-medium", "main"))
        .hasMessage(
            "There is no model openai/GPT2-medium"
                + start
                + "did you mean openai-community/gpt2-medium? Set gpt2.model to that, or check the"
                + " name.");
    assertThat(failure("Embedded", "main").getMessage())
        .contains("did you mean embedded? Set gpt2.model to that");
    assertThat(failure("nobody/nothing", "main"))
        .hasMessage(
            "There is no model nobody/nothing"
                + start
                + "give gpt2.model as organisation/name, as the model's page does.");
    assertThat(fixture.cache).doesNotExist();
  }

  @Test
  void saysThatATokenMaySeeNoSuchModel() {
    fixture.with("HF_TOKEN", "hf_any");

    assertThat(failure("nobody/nothing", "main"))
        .hasMessage(
            "There is no model nobody/nothing on "
                + endpoint()
                + ", or the token of HF_TOKEN may not see it: give gpt2.model as organisation/name,"
                + " as the model's page does.");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatThereIsNoSuchRevision(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    repository.tag("v1", LookAlikeHub.COMMIT);

    assertThat(failure(HubFixture.MODEL, "v2"))
        .hasMessage(
            "org/small has no revision v2: set gpt2.revision to a branch, a tag or a whole commit"
                + " (it has main, v1).");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatAFileIsMissing(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    fixture.server.fail(
        1,
        "HEAD",
        WEIGHTS,
        errorCodes
            ? LookAlikeHub.status(404, "X-Error-Code", "EntryNotFound")
            : LookAlikeHub.status(404));

    assertSentence(
        "org/small at commit "
            + LookAlikeHub.COMMIT
            + " has no file model.safetensors on "
            + endpoint()
            + ", although it is needed: check gpt2.revision, or tell the model's owner.");
    assertNextStartSucceeds(3);
  }

  @ParameterizedTest
  @CsvSource({
    "config.json, config.json",
    "model.safetensors, model.safetensors",
    "tokenizer.json, tokenizer.json"
  })
  void saysThatARepositoryHoldsNoModel(String removed, String named) {
    repository.remove(removed);

    final String files =
        String.join(
            ", ",
            Stream.of("README.md", "config.json", WEIGHTS, "tf_model.h5", "tokenizer.json")
                .filter(file -> !file.equals(removed))
                .toList());
    assertSentence(
        "org/small has no %s, so it is no model that can be served; it has %s."
            .formatted(named, files));
  }

  @Test
  void saysThatSomethingElseAnswers() {
    fixture.server.fail(1, "HEAD", WEIGHTS, LookAlikeHub.status(200));
    assertSentence(
        endpoint()
            + " answers, but without an ETag for model.safetensors of org/small: check that"
            + " gpt2.hub.endpoint is a Hugging Face hub and that no proxy changes its answers.");

    fixture.server.fail(1, "GET", "/api/", LookAlikeHub.status(418));
    assertSentence(
        endpoint()
            + " answered /api/models/org/small/revision/main with status 418, which no Hugging Face"
            + " hub does: check gpt2.hub.endpoint ("
            + endpoint()
            + ").");

    fixture.server.fail(
        20,
        "GET",
        "/api/",
        LookAlikeHub.status(302, "Location", "/api/models/org/small/revision/x"));
    assertSentence(
        endpoint()
            + " answers, but with more than 10 redirects in a row: check that gpt2.hub.endpoint is a"
            + " Hugging Face hub and that no proxy changes its answers.");
  }

  @Test
  void saysThatTheDiskIsFull() throws Exception {
    final Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "no /dev/full here: the full disk is not tried");
    final Path incomplete = fixture.incomplete(repository, WEIGHTS);
    Files.createDirectories(incomplete.getParent());
    // Every byte that is written there meets the real "No space left on device".
    Files.createSymbolicLink(incomplete, full);

    assertSentence(
        "The disk of the cache "
            + fixture.cache
            + " is full: make room, or set gpt2.hub.cache to a folder on a larger disk; what has"
            + " come so far is kept, and the next start goes on from there.");

    Files.delete(incomplete);
    assertNextStartSucceeds(3);
  }

  @Test
  void saysThatADiskIsTooSmallOrBecomesFull() throws Exception {
    final Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString()),
        "no right to mount a file system: a small disk is not tried");
    try {
      fixture.with("HF_HUB_CACHE", disk.resolve("cache").toString());
      repository.put(WEIGHTS, LookAlikeHub.smallModel(2_000_000).get(WEIGHTS));
      assertSentence(
          "org/small needs 2.0 MB more, but the disk of the cache "
              + disk.resolve("cache")
              + " has only 1.0 MB free: make room, or set gpt2.hub.cache to a folder on a larger"
              + " disk.");

      repository.put(WEIGHTS, LookAlikeHub.smallModel(700_000).get(WEIGHTS));
      final Path other = disk.resolve("other");
      fixture.server.fail(
          1,
          "GET",
          "/org%2Fsmall/" + WEIGHTS,
          LookAlikeHub.inTheMiddle(() -> write(other, 500_000)));
      assertSentence(
          "The disk of the cache "
              + disk.resolve("cache")
              + " is full: make room, or set gpt2.hub.cache to a folder on a larger disk; what has"
              + " come so far is kept, and the next start goes on from there.");

      Files.delete(other);
      fixture.server.forget();
      final Snapshot snapshot = fixture.fetch();
      assertThat(snapshot.folder().resolve(WEIGHTS)).hasBinaryContent(repository.content(WEIGHTS));
      assertThat(Integer.parseInt(rangesOfWeights().get(0).replaceAll("\\D", "")))
          .isGreaterThanOrEqualTo(350_000);
    } finally {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  @Test
  void saysThatTheCacheCannotBeWritten() throws Exception {
    final Path disk = Files.createDirectory(folder.resolve("disk"));
    final boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", disk.toString());
    try {
      assumeTrue(
          mounted || (disk.toFile().setWritable(false) && !Files.isWritable(disk)),
          "this user may write everywhere and mount nothing: a read-only cache is not tried");
      fixture.with("HF_HUB_CACHE", disk.resolve("cache").toString());

      assertThat(failure().getMessage())
          .startsWith("The cache " + disk.resolve("cache") + " cannot be written (")
          .endsWith(
              "): set gpt2.hub.cache (or HF_HUB_CACHE) to a folder that can be written, or make that"
                  + " one writable for the server's user.");
    } finally {
      assertThat(mounted ? run("umount", disk.toString()) : disk.toFile().setWritable(true))
          .isTrue();
    }
    fixture.with("HF_HUB_CACHE", fixture.cache.toString());
    assertComplete(fixture.fetch());
  }

  @Test
  void aCacheThatIsReadOnlyButCompleteIsServed() throws Exception {
    assertComplete(fixture.fetch());
    final boolean mounted =
        run("mount", "--bind", "-o", "ro", fixture.cache.toString(), fixture.cache.toString());
    assumeTrue(mounted, "no right to mount a file system: a complete read-only cache is not tried");
    try {
      assertComplete(fixture.fetch());
    } finally {
      assertThat(run("umount", fixture.cache.toString())).isTrue();
    }
  }

  @Test
  void keepsWhatHasComeWhenInterrupted() throws Exception {
    final CountDownLatch half = new CountDownLatch(1);
    fixture.server.fail(
        1,
        "GET",
        "/org%2Fsmall/" + WEIGHTS,
        (exchange, content) -> {
          half.countDown();
          return fixture.server.stallAfter(150_000).happen(exchange, content);
        });
    final FutureTask<Snapshot> fetch = new FutureTask<>(fixture::fetch);
    final Thread thread = new Thread(fetch);
    thread.start();
    await(half);
    while (size(fixture.incomplete(repository, WEIGHTS)) < 150_000) {
      Thread.onSpinWait();
    }
    thread.interrupt();
    thread.join(60_000);
    assertThat(fetch)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingRootCause()
        .isInstanceOf(InterruptedException.class);

    fixture.server.forget();
    assertComplete(fixture.fetch());
    assertThat(rangesOfWeights()).containsExactly("bytes=150000-");
  }

  private String endpoint() {
    return fixture.server.endpoint();
  }

  private HubException failure() {
    return failure(HubFixture.MODEL, "main");
  }

  private HubException failure(String model, String revision) {
    final HubException failure =
        catchThrowableOfType(HubException.class, () -> fixture.fetch(model, revision));
    assertThat(failure).isNotNull();
    return failure;
  }

  private void assertSentence(String sentence) {
    assertThat(failure()).hasMessage(sentence);
  }

  /** Which asks for no content that was there: at most so many files are downloaded. */
  private void assertNextStartSucceeds(int atMost) throws Exception {
    fixture.server.heal().forget();
    assertComplete(fixture.fetch());
    assertThat(fixture.server.count("GET", "/resolve/")).isLessThanOrEqualTo(atMost);
  }

  private void assertComplete(Snapshot snapshot) throws IOException {
    for (final String file : List.of("config.json", "tokenizer.json", WEIGHTS)) {
      assertThat(snapshot.folder().resolve(file)).hasBinaryContent(repository.content(file));
    }
    try (Stream<Path> blobs = Files.list(fixture.root().resolve("blobs"))) {
      assertThat(blobs).hasSize(3);
    }
  }

  /** The ranges for which the CDN was asked, in turn. */
  private List<String> rangesOfWeights() {
    return fixture.server.requests().stream()
        .filter(r -> r.cdn() && r.method().equals("GET"))
        .map(Request::range)
        .toList();
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  private static void write(Path file, int bytes) {
    try {
      Files.write(file, new byte[bytes]);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      final Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
