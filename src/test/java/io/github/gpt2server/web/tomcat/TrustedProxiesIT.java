package io.github.gpt2server.web.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.TestServer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

/** Whom the access log names as the client, over real sockets from 127.0.0.1. */
@OneCore
class TrustedProxiesIT {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                      | X-Forwarded-For | 203.0.113.7                       | 127.0.0.1
          ''                      | Forwarded       | for=203.0.113.7                   | 127.0.0.1
          10.0.0.0/8              | X-Forwarded-For | 203.0.113.7                       | 127.0.0.1
          127.0.0.1               | X-Forwarded-For | 203.0.113.7                       | 203.0.113.7
          127.0.0.1               | X-Forwarded-For | 203.0.113.7, 198.51.100.2         | 198.51.100.2
          127.0.0.1,10.0.0.0/8    | X-Forwarded-For | 1.1.1.1, 203.0.113.7, 10.9.9.9    | 203.0.113.7
          127.0.0.0/8,2001:db8::1 | X-Forwarded-For | 2001:db8::7, 2001:db8::1          | 2001:db8::7
          127.0.0.1               | Forwarded       | for=203.0.113.7                   | 127.0.0.1
          127.0.0.1               | X-Forwarded-For | 203.0.113.7:50123                 | 203.0.113.7
          127.0.0.1,10.0.0.0/8    | X-Forwarded-For | 203.0.113.7:50123, 10.0.0.1:80    | 203.0.113.7
          127.0.0.1               | X-Forwarded-For | [2001:db8::7]:50123               | 2001:db8::7
          127.0.0.1               | X-Forwarded-For | [2001:db8::7]                     | 2001:db8::7
          127.0.0.1               | X-Forwarded-For | unknown                           | 127.0.0.1
          127.0.0.1               | X-Forwarded-For | 999.1.1.1                         | 127.0.0.1
          127.0.0.1               | X-Forwarded-For | ''                                | 127.0.0.1
          127.0.0.1               | X-Forwarded-For | attacker.example                  | 127.0.0.1
          127.0.0.1,10.0.0.0/8    | X-Forwarded-For | 203.0.113.7, localhost, 10.0.0.1  | 10.0.0.1
          """)
  void theClientIsTheRightmostAddressThatIsNoTrustedProxy(
      String trusted, String header, String value, String client) throws Exception {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger("io.github.gpt2server.ops.exchange.AccessLog");
    try (TestServer server =
        new TestServer("--gpt2.trusted-proxies=" + trusted, "--gpt2.access-log=true")) {
      server.engine().serve();
      log.start();
      logger.addAppender(log);

      assertThat(server.get("/tokenizer_info", header, value).statusCode()).isEqualTo(200);
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .singleElement()
        .satisfies(
            event ->
                assertThat(event.getKeyValuePairs())
                    .contains(new KeyValuePair("client.address", client)));
  }
}
