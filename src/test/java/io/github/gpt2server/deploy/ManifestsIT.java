package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of every object that the chart renders, with every values file. */
class ManifestsIT {

  static List<Path> variants() {
    return Chart.variants();
  }

  @Test
  void everyKindIsRenderedByOneVariantAtLeast() {
    Set<String> kinds = new TreeSet<>();
    variants().forEach(variant -> kinds.addAll(Chart.render(variant).kinds()));
    assertThat(kinds)
        .containsExactly(
            "ConfigMap",
            "Deployment",
            "HTTPRoute",
            "HorizontalPodAutoscaler",
            "InferencePool",
            "Ingress",
            "Job",
            "NetworkPolicy",
            "PersistentVolumeClaim",
            "Pod",
            "PodDisruptionBudget",
            "PrometheusRule",
            "Role",
            "RoleBinding",
            "ScaledObject",
            "Secret",
            "Service",
            "ServiceAccount",
            "ServiceMonitor");
  }

  @ParameterizedTest
  @MethodSource("variants")
  void fieldsAreThoseOfTheirKinds(Path variant) {
    for (Manifest manifest : Chart.render(variant)) {
      Optional<List<String>> problems =
          KubernetesTypes.problems(manifest).or(() -> CustomKinds.problems(manifest));
      assertThat(problems).as("%s is of a known kind", manifest.title()).isPresent();
      assertThat(problems.get()).as(manifest.title()).isEmpty();
      assertThat(CustomKinds.wrongEnumerations(manifest)).as(manifest.title()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void namesAndLabelsAreSuchAsKubernetesTakes(Path variant) {
    Manifests manifests = Chart.render(variant);
    for (Manifest manifest : manifests) {
      assertThat(manifest.name()).matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?").hasSizeLessThan(64);
      assertThat(manifest.text("metadata.namespace")).isEqualTo(Chart.NAMESPACE);
      assertThat(manifest.map("metadata.labels"))
          .containsEntry("app.kubernetes.io/instance", Chart.RELEASE)
          .containsEntry("app.kubernetes.io/managed-by", "Helm")
          .containsEntry("app.kubernetes.io/version", "0.1.0")
          .allSatisfy(
              (key, value) ->
                  assertThat((String) value)
                      .matches("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"));
      assertThat(manifest.map("metadata.annotations").values()).allMatch(String.class::isInstance);
    }
    assertThat(manifests.all()).extracting(Manifest::title).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void selectorsFindTheServersAndNothingElse(Path variant) {
    Manifests manifests = Chart.render(variant);
    Map<String, Object> labels = manifests.serverPod().map("metadata.labels");
    Map<String, Object> serverSelector =
        manifests.get("Deployment").map("spec.selector.matchLabels");
    assertThat(labels).containsAllEntriesOf(serverSelector);
    assertThat(manifests.get("Service").map("spec.selector")).isEqualTo(serverSelector);
    manifests
        .of("PodDisruptionBudget")
        .forEach(selects("spec.selector.matchLabels", serverSelector));
    manifests.of("InferencePool").forEach(selects("spec.selector.matchLabels", serverSelector));
    manifests
        .find("NetworkPolicy", "demo-gpt2-server")
        .ifPresent(selects("spec.podSelector.matchLabels", serverSelector));
    manifests
        .of("ServiceMonitor")
        .forEach(
            monitor ->
                assertThat(manifests.get("Service").map("metadata.labels"))
                    .containsAllEntriesOf(monitor.map("spec.selector.matchLabels")));
    assertThat(otherPods(manifests))
        .allSatisfy(
            pod ->
                assertThat(new Manifest(pod).map("metadata.labels").entrySet())
                    .doesNotContainAnyElementsOf(
                        Set.of(Map.entry("app.kubernetes.io/component", "server"))));
  }

  private static Consumer<Manifest> selects(String path, Map<String, Object> selector) {
    return manifest -> assertThat(manifest.map(path)).as(manifest.title()).isEqualTo(selector);
  }

  private static List<Map<String, Object>> otherPods(Manifests manifests) {
    return manifests.all().stream()
        .filter(manifest -> !manifest.equals(manifests.get("Deployment")))
        .flatMap(Manifest::pods)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void whatIsReferredToIsThere(Path variant) {
    Manifests manifests = Chart.render(variant);
    for (Manifest manifest : manifests) {
      Yamls.leaves(manifest.document())
          .forEach(
              (path, values) -> {
                if (path.endsWith("serviceAccountName")) {
                  values.forEach(name -> exists(manifests, "ServiceAccount", name));
                } else if (path.endsWith("scaleTargetRef.name")) {
                  values.forEach(name -> exists(manifests, "Deployment", name));
                } else if (path.endsWith("backend.service.name")) {
                  values.forEach(name -> exists(manifests, "Service", name));
                } else if (path.endsWith("configMap.name") || path.endsWith("secretName")) {
                  values.stream()
                      .filter(name -> ((String) name).startsWith(Chart.RELEASE))
                      .forEach(
                          name ->
                              exists(
                                  manifests,
                                  path.endsWith("secretName") ? "Secret" : "ConfigMap",
                                  name));
                } else if (path.endsWith("claimName")) {
                  values.stream()
                      .filter(name -> ((String) name).startsWith(Chart.RELEASE))
                      .forEach(name -> exists(manifests, "PersistentVolumeClaim", name));
                }
              });
    }
    manifests
        .of("HTTPRoute")
        .flatMap(route -> route.list("spec.rules").stream())
        .map(rule -> Yamls.map(Yamls.at(rule, "backendRefs.0")))
        .forEach(
            backend -> {
              exists(
                  manifests, (String) backend.getOrDefault("kind", "Service"), backend.get("name"));
              if (!backend.containsKey("kind")) {
                assertThat(backend.get("port"))
                    .isEqualTo(manifests.get("Service").at("spec.ports.0.port"));
              }
            });
  }

  private static void exists(Manifests manifests, String kind, Object name) {
    assertThat(manifests.find(kind, (String) name)).as(kind + " " + name).isPresent();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void volumesAndPortsAreThoseThatThePodHas(Path variant) {
    for (Manifest manifest : Chart.render(variant)) {
      manifest.pods().map(Manifest::new).forEach(ManifestsIT::checkVolumesAndPorts);
    }
  }

  private static void checkVolumesAndPorts(Manifest pod) {
    List<Object> volumes = pod.list("spec.volumes");
    List<String> names = volumes.stream().map(volume -> (String) Yamls.at(volume, "name")).toList();
    List<Map<String, Object>> containers = containers(pod).toList();
    assertThat(names).doesNotHaveDuplicates();
    assertThat(
            containers.stream()
                .flatMap(container -> Yamls.list(container.get("volumeMounts")).stream())
                .map(mount -> (String) Yamls.at(mount, "name"))
                .distinct())
        .as("each volume is mounted, and only those")
        .containsExactlyInAnyOrderElementsOf(names);
    for (Map<String, Object> container : containers) {
      List<Object> ports = Yamls.list(container.get("ports"));
      for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
        Object port = Yamls.at(container, probe + ".httpGet.port");
        if (port != null) {
          assertThat(ports).extracting(p -> Yamls.at(p, "name")).contains(port);
        }
      }
      assertThat(ports).extracting(p -> Yamls.at(p, "containerPort")).doesNotHaveDuplicates();
    }
  }

  private static Stream<Map<String, Object>> containers(Manifest pod) {
    return Stream.of("spec.initContainers", "spec.containers")
        .flatMap(path -> pod.list(path).stream())
        .map(Yamls::map);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void containersHaveNoRightsThatTheyDoNotNeed(Path variant) {
    for (Manifest manifest : Chart.render(variant)) {
      manifest
          .pods()
          .map(Manifest::new)
          .forEach(
              pod -> {
                assertThat(pod.at("spec.securityContext.runAsNonRoot")).isEqualTo(true);
                assertThat(pod.at("spec.securityContext.seccompProfile.type"))
                    .isEqualTo("RuntimeDefault");
                containers(pod).forEach(ManifestsIT::checkRights);
              });
    }
  }

  private static void checkRights(Map<String, Object> container) {
    assertThat(Yamls.map(container.get("securityContext")))
        .containsEntry("allowPrivilegeEscalation", false)
        .containsEntry("readOnlyRootFilesystem", true)
        .containsEntry("capabilities", Map.of("drop", List.of("ALL")));
    assertThat(Yamls.at(container, "resources.requests.memory")).isNotNull();
    assertThat(Yamls.at(container, "resources.limits.memory")).isNotNull();
  }
}
