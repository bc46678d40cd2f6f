package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The example of docs/clients.md for browsers, in a browser. */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.api-keys=sesame"})
class BrowserSnippetIT extends BrowserIT {
  private static LiveServer server;

  @Test
  void aPageReadsAStream() throws IOException {
    String source = Files.readString(Path.of("src/test/npm/clients/snippets.mjs"));
    int start = source.indexOf("// snippet: fetch\n");
    String snippet = source.substring(start, source.indexOf("// end", start));
    chromium.driver().get(server.base().toString());

    Object written =
        chromium
            .driver()
            .executeAsyncScript(
                "const [baseURL, apiKey, done] = arguments; let written = '';"
                    + " const write = (text) => { written += text; };"
                    + " (async () => {\n"
                    + snippet
                    + "})().then(() => done(written), (error) => done('failed: ' + error));",
                server.base() + "v1",
                "sesame");

    assertThat(written).isEqualTo(" was very angry, and said: \"I am the king of the land");
  }
}
