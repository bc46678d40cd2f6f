package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rendering of routes to the servers, scaling and monitoring. */
class TrafficIT {

  @Test
  void anIngressDoesNotHoldStreamsBack() {
    Manifest ingress = Chart.render(Chart.variant("keys")).get("Ingress");
    assertThat(ingress.map("metadata.annotations"))
        .isEqualTo(
            Map.of(
                "nginx.ingress.kubernetes.io/proxy-buffering", "off",
                "nginx.ingress.kubernetes.io/proxy-read-timeout", "1200",
                "nginx.ingress.kubernetes.io/proxy-send-timeout", "600",
                "nginx.org/proxy-buffering", "False",
                "nginx.org/proxy-read-timeout", "600s",
                "nginx.org/proxy-send-timeout", "600s",
                "haproxy.org/timeout-server", "600s",
                "haproxy-ingress.github.io/timeout-server", "600s",
                "alb.ingress.kubernetes.io/load-balancer-attributes",
                    "idle_timeout.timeout_seconds=600"));
    assertThat(ingress.list("spec.rules"))
        .extracting(rule -> Yamls.at(rule, "host"))
        .containsExactly("gpt2.example.com", "api.example.com");
    assertThat(ingress.map("spec.rules.1.http.paths.1"))
        .containsEntry("path", "/health")
        .containsEntry("pathType", "Exact");
  }

  @Test
  void anIngressMayBeLeftWithoutThem() {
    Manifest ingress =
        Chart.render(
                "{ingress: {enabled: true, streamAnnotations: false, hosts: [{host: a, paths: [{path: /, pathType: Prefix}]}]}}")
            .get("Ingress");
    assertThat(ingress.at("metadata.annotations")).isNull();
  }

  @Test
  void aRouteHasNoTimeLimitUnlessAskedFor() {
    Manifest route =
        Chart.render("{httpRoute: {enabled: true, parentRefs: [{name: gateway}]}}")
            .get("HTTPRoute");
    assertThat(route.list("spec.rules"))
        .containsExactly(
            Map.of(
                "matches", List.of(Map.of("path", Map.of("type", "PathPrefix", "value", "/"))),
                "backendRefs", List.of(Map.of("name", "demo-gpt2-server", "port", 80)),
                "timeouts", Map.of("request", "0s", "backendRequest", "0s")));
    assertThat(Chart.render(Chart.variant("gateway")).get("HTTPRoute").map("spec.rules.0.timeouts"))
        .isEqualTo(Map.of("request", "10m", "backendRequest", "10m"));
  }

  @Test
  void completionsGoThroughThePoolAndTheRestToTheService() {
    Manifests chart = Chart.render(Chart.variant("inference-pool"));
    Manifest route = chart.get("HTTPRoute");
    assertThat(route.map("spec.rules.0.matches.0"))
        .isEqualTo(
            Map.of("path", Map.of("type", "Exact", "value", "/v1/completions"), "method", "POST"));
    assertThat(route.map("spec.rules.0.backendRefs.0"))
        .isEqualTo(
            Map.of(
                "group",
                "inference.networking.k8s.io",
                "kind",
                "InferencePool",
                "name",
                "demo-gpt2-server"));
    assertThat(route.map("spec.rules.1.backendRefs.0")).containsEntry("name", "demo-gpt2-server");
    Manifest pool = chart.get("InferencePool");
    assertThat(pool.at("spec.targetPorts.0.number")).isEqualTo(8080);
    assertThat(pool.map("spec.endpointPickerRef"))
        .isEqualTo(
            Map.of(
                "name",
                "demo-gpt2-server-picker",
                "port",
                Map.of("number", 9002),
                "failureMode",
                "FailOpen"));
  }

  @Test
  void thePickerKnowsTheServersMetricsAndBlocks() {
    Manifests chart = Chart.render(Chart.variant("inference-pool"));
    Map<String, Object> config =
        Yamls.read(
            chart
                .find("ConfigMap", "demo-gpt2-server-picker")
                .orElseThrow()
                .map("data")
                .get("picker.yaml")
                .toString());
    assertThat(Yamls.list(config.get("plugins")))
        .contains(
            Map.of(
                "type",
                "approx-prefix-cache-producer",
                "parameters",
                Map.of("autoTune", false, "blockSizeTokens", 64)),
            Map.of(
                "type",
                "metrics-data-source",
                "parameters",
                Map.of("scheme", "http", "interval", "1s", "path", "/metrics", "port", 9090)));
    assertThat(Yamls.list(Yamls.at(config, "schedulingProfiles.0.plugins")))
        .containsExactly(
            Map.of("pluginRef", "queue-scorer", "weight", 2),
            Map.of("pluginRef", "kv-cache-utilization-scorer", "weight", 2),
            Map.of("pluginRef", "prefix-cache-scorer", "weight", 5));
    assertThat(Yamls.list(config.get("plugins")).stream().map(plugin -> Yamls.at(plugin, "type")))
        .containsAll(
            Yamls.list(Yamls.at(config, "schedulingProfiles.0.plugins")).stream()
                .map(plugin -> Yamls.at(plugin, "pluginRef"))
                .toList());
    Manifest picker = chart.find("Deployment", "demo-gpt2-server-picker").orElseThrow();
    assertThat(picker.list("spec.template.spec.containers.0.args"))
        .contains("--pool-name=demo-gpt2-server", "--pool-namespace=apps");
    assertThat(picker.map("spec.template.metadata.labels"))
        .containsAllEntriesOf(
            chart.find("Service", "demo-gpt2-server-picker").orElseThrow().map("spec.selector"));
  }

  @Test
  void anotherPickerMayBeUsed() {
    Manifests chart = Chart.render(Chart.variant("other-picker"));
    assertThat(chart.get("InferencePool").map("spec.endpointPickerRef"))
        .isEqualTo(
            Map.of(
                "name", "our-picker", "port", Map.of("number", 9004), "failureMode", "FailClose"));
    assertThat(chart.kinds()).doesNotContain("Role", "RoleBinding");
  }

  @Test
  void processorTimeAndTheQueueScaleIt() {
    Manifests chart = Chart.render(Chart.variant("autoscaling"));
    Manifest scaler = chart.get("HorizontalPodAutoscaler");
    assertThat(scaler.list("spec.metrics"))
        .containsExactly(
            Map.of(
                "type",
                "ContainerResource",
                "containerResource",
                Map.of(
                    "container", "server",
                    "name", "cpu",
                    "target", Map.of("type", "Utilization", "averageUtilization", 80))),
            Map.of(
                "type",
                "Pods",
                "pods",
                Map.of(
                    "metric", Map.of("name", "gpt2_requests_waiting"),
                    "target", Map.of("type", "AverageValue", "averageValue", "4"))));
    assertThat(chart.get("Deployment").map("spec")).doesNotContainKey("replicas");
  }

  @Test
  void kedaScalesByTheQueue() {
    Manifests chart = Chart.render(Chart.variant("keda"));
    Manifest scaled = chart.get("ScaledObject");
    assertThat(scaled.map("spec"))
        .containsEntry("minReplicaCount", 0)
        .containsEntry("maxReplicaCount", 4);
    assertThat(scaled.map("spec.triggers.0.metadata"))
        .isEqualTo(
            Map.of(
                "serverAddress", "http://prometheus-operated.monitoring.svc:9090",
                "query",
                    "sum(gpt2_requests_waiting{namespace=\"apps\",service=\"demo-gpt2-server\"})",
                "threshold", "4"));
    assertThat(scaled.text("spec.triggers.1.type")).isEqualTo("cron");
    assertThat(chart.get("Deployment").map("spec")).doesNotContainKey("replicas");
  }

  @Test
  void metricsAreReadWhereTheyAreOpen() {
    Manifests chart = Chart.render(Chart.variant("existing-keys"));
    assertThat(chart.get("ServiceMonitor").map("spec.endpoints.0"))
        .containsEntry("targetPort", "management")
        .containsEntry("path", "/actuator/prometheus");
    assertThat(chart.get("ServiceMonitor").map("metadata.labels"))
        .containsEntry("release", "prometheus");
    Manifest pod = chart.serverPod();
    assertThat(pod.at("spec.containers.0.readinessProbe.httpGet.port")).isEqualTo("management");
    assertThat(pod.list("spec.containers.0.ports"))
        .extracting(port -> Yamls.at(port, "containerPort"))
        .containsExactly(8080, 8081);
    assertThat(Yamls.at(Yamls.read(chart.settings()), "management.server.port")).isEqualTo(8081);
  }

  /** A management port on a load balancer would be open to the world. */
  @Test
  void theManagementPortIsForTheInside() {
    String values = "{management: {port: 8081}, service: {type: %s}}";
    assertThat(Chart.render(values.formatted("ClusterIP")).get("Service").list("spec.ports"))
        .hasSize(2);
    assertThat(Chart.render(values.formatted("LoadBalancer")).get("Service").list("spec.ports"))
        .hasSize(1);
  }

  @Test
  void alertsAreThoseOfTheFile() {
    List<Object> rules =
        Chart.render(Chart.variant("existing-keys"))
            .get("PrometheusRule")
            .list("spec.groups.0.rules");
    assertThat(rules).hasSizeGreaterThanOrEqualTo(4);
    assertThat(rules)
        .extracting(rule -> (String) Yamls.at(rule, "expr"))
        .anyMatch(expression -> expression.contains("up{"))
        .anyMatch(expression -> expression.contains("gpt2_requests_waiting"))
        .anyMatch(expression -> expression.contains("time_to_first_token"));
  }

  @Test
  void theDashboardIsThatOfTheFile() throws IOException {
    Manifest dashboard =
        Chart.render(Chart.variant("existing-keys"))
            .find("ConfigMap", "demo-gpt2-server-dashboard")
            .orElseThrow();
    assertThat(dashboard.map("metadata.labels")).containsEntry("grafana_dashboard", "1");
    assertThat((String) dashboard.map("data").get("gpt2-server.json"))
        .isEqualToNormalizingNewlines(
            Files.readString(Chart.FOLDER.resolve("files").resolve("dashboard.json")));
  }

  @Test
  void thePoliciesLetOutOnlyWhatFetches() {
    assertThat(ports(Chart.render("{networkPolicy: {enabled: true}}").get("NetworkPolicy")))
        .containsExactly(53, 53);
    assertThat(ports(Chart.render(Chart.variant("hub-init")).get("NetworkPolicy")))
        .containsExactly(53, 53, 443);
    Manifests job = Chart.render(Chart.variant("hub-job"));
    assertThat(ports(job.get("NetworkPolicy"))).containsExactly(53, 53, 3128);
    assertThat(ports(job.find("NetworkPolicy", "demo-gpt2-server-fetch").orElseThrow()))
        .containsExactly(53, 53, 443, 3128);
  }

  private static List<Object> ports(Manifest policy) {
    return policy.list("spec.egress").stream()
        .flatMap(rule -> Yamls.list(Yamls.at(rule, "ports")).stream())
        .map(port -> Yamls.at(port, "port"))
        .toList();
  }

  @Test
  void thePoliciesLetTheReleasesOwnPodsIn() {
    Manifest policy = Chart.render(Chart.variant("existing-keys")).get("NetworkPolicy");
    Map<String, Object> own =
        Map.of(
            "podSelector",
            Map.of(
                "matchLabels",
                Map.of(
                    "app.kubernetes.io/name",
                    "gpt2-server",
                    "app.kubernetes.io/instance",
                    "demo")));
    assertThat(policy.list("spec.ingress.0.from")).hasSize(2).contains(own);
    assertThat(policy.list("spec.ingress.1.from")).hasSize(2).contains(own);
  }
}
