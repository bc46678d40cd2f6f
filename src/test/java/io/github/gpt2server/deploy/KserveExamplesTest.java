package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests for KServe, which are applied as they are. */
class KserveExamplesTest {
  private static final Path FOLDER = Path.of("helm", "examples");

  @Test
  void aRuntimeAndAServiceThatUsesIt() throws IOException {
    Manifests manifests = read("kserve-inferenceservice.yaml");
    assertThat(manifests.kinds()).containsExactly("InferenceService", "ServingRuntime");
    Manifest runtime = manifests.find("ServingRuntime", "gpt2-server").orElseThrow();
    Manifest service = manifests.find("InferenceService", "gpt2").orElseThrow();
    assertThat(service.text("spec.predictor.model.runtime")).isEqualTo(runtime.name());
    assertThat(service.at("spec.predictor.model.modelFormat.name"))
        .isEqualTo(runtime.at("spec.supportedModelFormats.0.name"));
    // KServe looks for a container of this name.
    assertThat(runtime.text("spec.containers.0.name")).isEqualTo("kserve-container");
    checkContainer(runtime.map("spec.containers.0"));
  }

  @Test
  void aServiceBehindKservesEndpointPicker() throws IOException {
    Manifest service =
        read("kserve-llminferenceservice.yaml").find("LLMInferenceService", "gpt2").orElseThrow();
    Map<String, Object> container = service.map("spec.template.containers.0");
    assertThat(container.get("name")).isEqualTo("main");
    assertThat(Yamls.list(container.get("args"))).contains("--server.port=8000");
    assertThat(Yamls.at(container, "ports.0.containerPort")).isEqualTo(8000);
    checkContainer(container);
  }

  private static void checkContainer(Map<String, Object> container) {
    assertThat(Yamls.list(container.get("args"))).contains("--gpt2.model=/mnt/models");
    Manifest pod =
        new Manifest(
            Map.of(
                "apiVersion",
                "v1",
                "kind",
                "Pod",
                "metadata",
                Map.of("name", "kserve"),
                "spec",
                Map.of("containers", List.of(container))));
    assertThat(KubernetesTypes.problems(pod).orElseThrow()).isEmpty();
    Object port = Yamls.at(container, "ports.0.containerPort");
    for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
      assertThat(Yamls.at(container, probe + ".httpGet.port")).isEqualTo(port);
    }
    assertThat(settings(container))
        .isSubsetOf(
            Stream.of(Gpt2Properties.class.getRecordComponents())
                .map(
                    component ->
                        component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
                .toList());
  }

  private static List<String> settings(Map<String, Object> container) {
    return Yamls.list(container.get("args")).stream()
        .map(String.class::cast)
        .filter(argument -> argument.startsWith("--gpt2."))
        .map(argument -> argument.substring("--gpt2.".length(), argument.indexOf('=')))
        .toList();
  }

  private static Manifests read(String file) throws IOException {
    Manifests manifests = Manifests.parse(Files.readString(FOLDER.resolve(file)));
    assertThat(manifests)
        .allSatisfy(
            manifest -> {
              assertThat(CustomKinds.problems(manifest)).as(manifest.title()).contains(List.of());
              assertThat(CustomKinds.wrongEnumerations(manifest)).isEmpty();
            });
    return manifests;
  }
}
