package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** Leaves the server as the chart deploys it to docker/test-images.sh, which runs it. */
class PodToRunIT {

  @Test
  void writesTheConfigMapAndTheDeployment() throws IOException {
    // The threads are given, because Podman cannot take their number from the limits.
    Manifests chart =
        Chart.render(
            """
            model:
              aliases: [from-the-config-map]
            config:
              gpt2:
                max-sequences: 4
                threads: 1
            """);
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    List<Object> documents =
        List.of(chart.get("ConfigMap").document(), chart.get("Deployment").document());
    Path file = Path.of("target", "chart", "manifest.yaml");
    Files.createDirectories(file.getParent());
    Files.writeString(file, new Yaml(options).dumpAll(documents.iterator()));
    assertThat(Manifests.parse(Files.readString(file)).kinds())
        .containsExactly("ConfigMap", "Deployment");
  }
}
