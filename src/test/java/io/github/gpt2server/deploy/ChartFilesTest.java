package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A chart can only carry files of its own folder, so it has copies of those of Docker Compose. */
class ChartFilesTest {

  @ParameterizedTest
  @CsvSource({
    "docker/prometheus/alerts.yaml, alerts.yaml",
    "docker/grafana/dashboards/gpt2-server.json, dashboard.json",
  })
  void alertsAndDashboardEqualThoseOfDockerCompose(Path original, String copy) {
    assertThat(Chart.FOLDER.resolve("files").resolve(copy))
        .as("copy of %s in the chart", original)
        .hasSameTextualContentAs(original);
  }
}
