package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rendering of the servers and of the ways to fetch their model. */
class DeploymentIT {

  @Test
  void withoutValuesItServesTheEmbeddedModel() {
    Manifests chart = Chart.render("{}");
    assertThat(chart.kinds())
        .containsExactly(
            "ConfigMap", "Deployment", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount");
    assertThat(Yamls.read(chart.settings()))
        .isEqualTo(
            Map.of(
                "gpt2", Map.of("model", "embedded", "shutdown-grace", "300s"),
                "server", Map.of("port", 8080)));
    Manifest pod = chart.serverPod();
    assertThat(pod.text("spec.containers.0.image")).isEqualTo("gpt2-server:0.1.0");
    assertThat(pod.map("spec.containers.0.resources"))
        .isEqualTo(
            Map.of(
                "requests",
                Map.of("cpu", "1", "memory", "1Gi"),
                "limits",
                Map.of("memory", "1Gi")));
    assertThat(pod.map("spec.securityContext"))
        .containsEntry("runAsUser", 10001)
        .containsEntry("runAsGroup", 10001);
    assertThat(pod.list("spec.volumes"))
        .extracting(v -> Yamls.at(v, "name"))
        .containsExactly("config", "tmp");
    assertThat(pod.at("spec.initContainers")).isNull();
    assertThat(pod.at("spec.enableServiceLinks")).isEqualTo(false);
    assertThat(pod.at("spec.automountServiceAccountToken")).isEqualTo(false);
    assertThat(chart.get("Service").map("spec.ports.0"))
        .containsEntry("port", 80)
        .containsEntry("targetPort", "http");
  }

  @Test
  void probesFitTheTimeToLoadAndStreamsMayFinish() {
    Manifest pod = Chart.render("{}").serverPod();
    assertThat(pod.map("spec.containers.0.startupProbe"))
        .containsEntry("httpGet", Map.of("path", "/actuator/health/readiness", "port", "http"))
        .containsEntry("periodSeconds", 2)
        .containsEntry("failureThreshold", 300);
    assertThat(pod.map("spec.containers.0.livenessProbe"))
        .containsEntry("httpGet", Map.of("path", "/actuator/health/liveness", "port", "http"));
    assertThat(pod.map("spec.containers.0.readinessProbe"))
        .containsEntry("httpGet", Map.of("path", "/actuator/health/readiness", "port", "http"));
    assertThat(pod.at("spec.containers.0.lifecycle.preStop.sleep.seconds")).isEqualTo(5);
    assertThat(pod.at("spec.terminationGracePeriodSeconds")).isEqualTo(5 + 300 + 15);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                | requests.cpu
          {resources: {limits: {cpu: 3}}}                                   | limits.cpu
          {config: {gpt2: {threads: 4}}}                                    |
          """)
  void threadsAreThoseOfTheContainerNotOfTheNode(String values, String resource) {
    Map<String, Object> source = source(Chart.render(values).serverPod(), "GPT2_THREADS");
    assertThat(Yamls.at(source, "resourceFieldRef.resource")).isEqualTo(resource);
  }

  @Test
  void anInitContainerFetchesTheModelAndTheServerAsksNoHub() {
    Manifests chart = Chart.render(Chart.variant("hub-init"));
    Manifest pod = chart.serverPod();
    assertThat(pod.list("spec.initContainers.0.args"))
        .containsExactly(
            "download",
            "openai-community/gpt2",
            "--revision",
            "607a30d783dfa663caf39e06633721c8d4cfcd7e");
    assertThat(pod.text("spec.initContainers.0.image"))
        .isEqualTo(pod.text("spec.containers.0.image"));
    assertThat(source(pod.list("spec.initContainers.0.env"), "HF_TOKEN"))
        .isEqualTo(Map.of("secretKeyRef", Map.of("name", "hub", "key", "HF_TOKEN")));
    assertThat(mount(pod, "spec.initContainers.0", "models")).doesNotContainKey("readOnly");
    assertThat(mount(pod, "spec.containers.0", "models"))
        .containsEntry("mountPath", "/models")
        .containsEntry("readOnly", true);
    assertThat(value(pod, "GPT2_HUB_OFFLINE")).isEqualTo("true");
    assertThat(source(pod, "HF_TOKEN")).isEmpty();
    assertThat(Yamls.at(Yamls.read(chart.settings()), "gpt2.hub.cache")).isEqualTo("/models");
    assertThat(chart.kinds()).doesNotContain("Job", "PersistentVolumeClaim");
  }

  @Test
  void aJobFetchesItOnceForAll() {
    Manifests chart = Chart.render(Chart.variant("hub-job"));
    Manifest job = chart.of("Job").findFirst().orElseThrow();
    assertThat(job.list("spec.template.spec.containers.0.args"))
        .containsExactly("download", "openai-community/gpt2-medium");
    assertThat(job.at("spec.ttlSecondsAfterFinished")).isEqualTo(3600);
    Manifest pod = chart.serverPod();
    assertThat(pod.at("spec.initContainers")).isNull();
    assertThat(value(pod, "GPT2_HUB_OFFLINE")).isEqualTo("true");
    assertThat(mount(pod, "spec.containers.0", "models")).containsEntry("readOnly", true);
    Manifest claim = chart.find("PersistentVolumeClaim", "demo-gpt2-server-models").orElseThrow();
    assertThat(claim.map("metadata.annotations"))
        .isEqualTo(Map.of("helm.sh/resource-policy", "keep", "example.com/backup", "no"));
    assertThat(claim.at("spec.resources.requests.storage")).isEqualTo("20Gi");
    assertThat(chart.get("Deployment").text("spec.strategy.type")).isEqualTo("RollingUpdate");
  }

  /** A Job cannot be changed once it is there. */
  @Test
  void anotherModelMakesAnotherJob() {
    String values =
        "{model: {id: a/b, revision: %s, fetch: job}, modelCache: {type: persistentVolumeClaim}}";
    String first = Chart.render(values.formatted("v1")).of("Job").findFirst().orElseThrow().name();
    String second = Chart.render(values.formatted("v2")).of("Job").findFirst().orElseThrow().name();
    assertThat(first).isNotEqualTo(second);
  }

  @Test
  void theServerFetchesItItself() {
    Manifest pod = Chart.render(Chart.variant("hub-server")).serverPod();
    assertThat(pod.at("spec.initContainers")).isNull();
    assertThat(value(pod, "GPT2_HUB_OFFLINE")).isNull();
    assertThat(source(pod, "HF_TOKEN")).isNotEmpty();
    assertThat(mount(pod, "spec.containers.0", "models")).containsEntry("readOnly", false);
    assertThat(pod.list("spec.volumes"))
        .contains(Map.of("name", "models", "emptyDir", Map.of("sizeLimit", "2Gi")));
  }

  @Test
  void aModelMayBeAnImageOrLieOnAClaim() {
    Manifest image = Chart.render(Chart.variant("model-image")).serverPod();
    assertThat(image.list("spec.volumes"))
        .contains(
            Map.of(
                "name",
                "models",
                "image",
                Map.of("reference", "registry.example.com/models/gpt2:1", "pullPolicy", "Always")));
    Manifests folder = Chart.render(Chart.variant("folder-on-claim"));
    assertThat(folder.serverPod().list("spec.volumes"))
        .contains(Map.of("name", "models", "persistentVolumeClaim", Map.of("claimName", "mine")));
    assertThat(folder.kinds()).doesNotContain("PersistentVolumeClaim");
    assertThat(Yamls.at(Yamls.read(folder.settings()), "gpt2.model")).isEqualTo("/models/mine");
  }

  /** With a claim for one node, a new pod might wait forever for the old one to let go. */
  @Test
  void anUpdateStopsTheOldPodFirstIfOnlyOneNodeMayMountTheClaim() {
    assertThat(
            Chart.render(Chart.variant("claim-on-one-node")).get("Deployment").map("spec.strategy"))
        .isEqualTo(Map.of("type", "Recreate"));
  }

  @Test
  void aGpuIsAskedForAndNeeded() {
    Manifests chart = Chart.render(Chart.variant("gpu"));
    Manifest pod = chart.serverPod();
    assertThat(pod.text("spec.containers.0.image"))
        .isEqualTo("registry.example.com/gpt2-server:0.1.0-cuda");
    assertThat(pod.map("spec.containers.0.resources.limits"))
        .containsEntry("nvidia.com/gpu", 1)
        .containsEntry("memory", "16Gi");
    assertThat(pod.text("spec.runtimeClassName")).isEqualTo("nvidia");
    assertThat(pod.list("spec.tolerations"))
        .extracting(t -> Yamls.at(t, "key"))
        .containsExactly("nvidia.com/gpu", "team");
    assertThat(Yamls.at(Yamls.read(chart.settings()), "gpt2.device")).isEqualTo("cuda");
  }

  @Test
  void keysAreMountedSoThatTheyMayChange() {
    Manifests chart = Chart.render(Chart.variant("keys"));
    assertThat(chart.find("Secret", "demo-gpt2-server-api-keys").orElseThrow().map("stringData"))
        .isEqualTo(Map.of("api-keys", "first-key\nsecond-key\n"));
    Manifest pod = chart.serverPod();
    assertThat(value(pod, "GPT2_API_KEYS_FILE")).isEqualTo("/etc/gpt2-server/keys/api-keys");
    assertThat(mount(pod, "spec.containers.0", "keys"))
        .isEqualTo(Map.of("name", "keys", "mountPath", "/etc/gpt2-server/keys", "readOnly", true));
    assertThat(Chart.render(Chart.variant("existing-keys")).kinds()).doesNotContain("Secret");
    assertThat(chart.settings()).doesNotContain("first-key");
  }

  @Test
  void theServersSettingsMayBeSet() {
    Manifests chart = Chart.render(Chart.variant("everything-else"));
    Map<String, Object> settings = Yamls.read(chart.settings());
    assertThat(Yamls.map(settings.get("gpt2")))
        .containsEntry("max-sequences", 16)
        .containsEntry("max-inspect-values", 5000000)
        .containsEntry("cors-origins", List.of("https://example.com"))
        .containsEntry("shutdown-grace", "60s");
    assertThat(Yamls.at(settings, "server.port")).isEqualTo(9000);
    assertThat(Yamls.at(settings, "server.tomcat.threads.max")).isEqualTo(256);
    Manifest pod = chart.serverPod();
    assertThat(value(pod, "JAVA_TOOL_OPTIONS")).isEqualTo("-Xmx512m -XX:+UseSerialGC");
    assertThat(value(pod, "HTTPS_PROXY")).isEqualTo("http://proxy.example:3128");
    assertThat(pod.text("spec.containers.0.image"))
        .endsWith("@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assertThat(pod.at("spec.containers.0.lifecycle")).isNull();
    assertThat(pod.at("spec.terminationGracePeriodSeconds")).isEqualTo(75);
  }

  /** Kubernetes does not restart pods because a ConfigMap has changed. */
  @Test
  void otherSettingsRestartThePodsAndAnotherChartDoesNot() {
    Map<String, Object> before = Chart.render("{}").serverPod().map("metadata");
    Map<String, Object> after =
        Chart.render("{config: {gpt2: {max-queue: 1}}}").serverPod().map("metadata");
    assertThat(before.get("annotations")).isNotEqualTo(after.get("annotations"));
    assertThat(Yamls.map(before.get("labels"))).doesNotContainKey("helm.sh/chart");
  }

  private static String value(Manifest pod, String variable) {
    return (String) variable(pod.list("spec.containers.0.env"), variable).get("value");
  }

  private static Map<String, Object> source(Manifest pod, String variable) {
    return source(pod.list("spec.containers.0.env"), variable);
  }

  private static Map<String, Object> source(List<Object> variables, String variable) {
    return Yamls.map(variable(variables, variable).get("valueFrom"));
  }

  private static Map<String, Object> variable(List<Object> variables, String name) {
    return variables.stream()
        .map(Yamls::map)
        .filter(variable -> variable.get("name").equals(name))
        .findFirst()
        .orElse(Map.of());
  }

  private static Map<String, Object> mount(Manifest pod, String container, String volume) {
    return pod.list(container + ".volumeMounts").stream()
        .map(Yamls::map)
        .filter(mount -> mount.get("name").equals(volume))
        .findFirst()
        .orElseThrow();
  }
}
