package io.github.gpt2server.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.bench.BenchmarkReport.Setup;
import io.github.gpt2server.bench.LoadGenerator.Round;
import io.github.gpt2server.bench.Measurement.Decoding;
import io.github.gpt2server.bench.Measurement.Load;
import io.github.gpt2server.bench.Measurement.PeerFile;
import io.github.gpt2server.bench.Measurement.Prefill;
import io.github.gpt2server.bench.Measurement.Result;
import io.github.gpt2server.model.torch.WeightType;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class BenchmarkReportTest {
  private static final Peer PEER =
      new Peer() {
        @Override
        public String label() {
          return "peer";
        }

        @Override
        public String name() {
          return "peer 1.0";
        }

        @Override
        public Speed run(Path file, int streams, int promptTokens, int newTokens) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
          throw new UnsupportedOperationException();
        }
      };

  private static final Result RESULT =
      new Result(
          WeightType.INT8,
          List.of(
              new PeerFile(PEER, GgufType.F32, Path.of("a")),
              new PeerFile(PEER, GgufType.Q8_0, Path.of("b"))),
          List.of(
              new Decoding(
                  1,
                  List.of(200.0, 220.0, 240.0),
                  List.of(round(180), round(220), round(200)),
                  List.of(List.of(90.0, 91.0, 92.0), List.of(100.0, 110.0, 160.0)),
                  List.of(4e10, 5e10, 4e10))),
          new Prefill(
              List.of(3000.0, 3000.0, 3000.0),
              List.of(2000.0, 2500.0, 2000.0),
              List.of(List.of(1000.0, 1000.0, 1000.0), List.of(500.0, 500.0, 500.0))),
          100_000_000,
          5.04,
          1000,
          1200);

  private static Round round(double tokensPerSecond) {
    return new Round(tokensPerSecond, 12, new double[] {4, 5, 6, 20});
  }

  private static final Setup SETUP =
      new Setup("gpt2", 2, new Load(3, 16, 96, 512, List.of(1), ""), List.of("No other peer."));

  @Test
  void ratiosAreOfTheSameRoundAndAgainstTheFastestFileOfThePeer() {
    assertThat(new BenchmarkReport(SETUP, List.of(RESULT)).tables())
        .contains(
            "| int8 | 1 | 200 (180..220) | F32 91; Q8_0 110 (100..160) | 1.80 (1.25..2.00) |",
            "| int8 | prompt of 512 | 2000 (2000..2500) | F32 1000 (1000..1000); Q8_0 500 | 2.00",
            "| int8 | 1 | 220 (200..240) | 200 (180..220) | 0.90 (0.83..1.00) | 12 (12..12) |"
                + " 6.0 / 20.0 / 20.0 |",
            "| int8 | prompt of 512 | 3000 (3000..3000) | 2000 (2000..2500) | 0.67 (0.67..0.83) |"
                + " 256 |  |",
            // 40 GB/s and 100 MB are 400 tokens a second; the second round had 500.
            "| int8 | 100 | 40.0 (40.0..50.0) | 400 | 0.50 (0.44..0.60) | 0.45 (0.44..0.50) | 5.0 |"
                + " 1000, 1200 |");
  }

  @Test
  void pageNamesPeersAndWhatWasLeftOut() {
    assertThat(new BenchmarkReport(SETUP, List.of(RESULT)).markdown())
        .contains("- `peer`: peer 1.0", "No other peer.", "(benchmark.svg)");
  }

  @Test
  void chartDrawsABarOfItsHeightForEachNumber() throws Exception {
    Document chart =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(SpeedChart.svg(List.of(RESULT)))));
    // A background; bare step, HTTP and the peer; first token; two gaps; each with a legend.
    assertThat(chart.getElementsByTagName("rect").getLength()).isEqualTo(1 + 2 * (3 + 1 + 2));
    // The peer's best is 110 of an axis that ends at 300, 150 units high.
    assertThat(
            chart
                .getElementsByTagName("rect")
                .item(3)
                .getAttributes()
                .getNamedItem("height")
                .getNodeValue())
        .isEqualTo("55.0");
  }
}
