package io.github.gpt2server.deploy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The fields of objects of kinds that are not Kubernetes' own, and the allowed texts where
 * Kubernetes' types allow any text. A field that is not listed is refused; a value has to match the
 * regular expression whole, numbers and booleans those in {@link #NUMBER} and {@link #BOOLEAN}
 * without quotation marks.
 *
 * <p>Sources: the definitions of Gateway API 1.6, Gateway API inference extension 1.6, KEDA 2.20,
 * Prometheus operator 0.93, KServe 0.20.
 */
final class CustomKinds {
  private static final String NUMBER = "number";
  private static final String BOOLEAN = "boolean";
  private static final String ANY = "any";
  private static final String NAME = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";
  private static final String DURATION = "([0-9]{1,5}(h|m|s|ms)){1,4}";

  private static final Map<String, Map<String, String>> FIELDS =
      Map.of(
          "gateway.networking.k8s.io/v1 HTTPRoute",
          Map.ofEntries(
              Map.entry("spec.parentRefs[].name", NAME),
              Map.entry("spec.parentRefs[].namespace", NAME),
              Map.entry("spec.parentRefs[].sectionName", NAME),
              Map.entry("spec.hostnames[]", "(\\*\\.)?" + NAME),
              Map.entry("spec.rules[].matches[].path.type", "Exact|PathPrefix"),
              Map.entry("spec.rules[].matches[].path.value", "/.*"),
              Map.entry("spec.rules[].matches[].method", "GET|POST"),
              Map.entry("spec.rules[].backendRefs[].group", "inference\\.networking\\.k8s\\.io"),
              Map.entry("spec.rules[].backendRefs[].kind", "InferencePool"),
              Map.entry("spec.rules[].backendRefs[].name", NAME),
              Map.entry("spec.rules[].backendRefs[].port", NUMBER),
              Map.entry("spec.rules[].timeouts.request", DURATION),
              Map.entry("spec.rules[].timeouts.backendRequest", DURATION)),
          "inference.networking.k8s.io/v1 InferencePool",
          Map.of(
              "spec.selector.matchLabels.*", ANY,
              "spec.targetPorts[].number", NUMBER,
              "spec.endpointPickerRef.name", NAME,
              "spec.endpointPickerRef.port.number", NUMBER,
              "spec.endpointPickerRef.failureMode", "FailOpen|FailClose"),
          "keda.sh/v1alpha1 ScaledObject",
          Map.of(
              "spec.scaleTargetRef.apiVersion",
              "apps/v1",
              "spec.scaleTargetRef.kind",
              "Deployment",
              "spec.scaleTargetRef.name",
              NAME,
              "spec.pollingInterval",
              NUMBER,
              "spec.cooldownPeriod",
              NUMBER,
              "spec.minReplicaCount",
              NUMBER,
              "spec.maxReplicaCount",
              NUMBER,
              "spec.triggers[].type",
              "prometheus|cron",
              "spec.triggers[].metricType",
              "AverageValue",
              "spec.triggers[].metadata.*",
              ".+"),
          "monitoring.coreos.com/v1 ServiceMonitor",
          Map.of(
              "spec.selector.matchLabels.*", ANY,
              "spec.namespaceSelector.matchNames[]", NAME,
              "spec.endpoints[].targetPort", "http|management",
              "spec.endpoints[].path", "/actuator/prometheus",
              "spec.endpoints[].scheme", "http",
              "spec.endpoints[].interval", DURATION,
              "spec.endpoints[].scrapeTimeout", DURATION,
              "spec.endpoints[].authorization.credentials.name", NAME,
              "spec.endpoints[].authorization.credentials.key", "[-._a-zA-Z0-9]+"),
          "monitoring.coreos.com/v1 PrometheusRule",
          Map.of(
              "spec.groups[].name", ".+",
              "spec.groups[].interval", DURATION,
              "spec.groups[].rules[].alert", "[A-Za-z][A-Za-z0-9]*",
              "spec.groups[].rules[].record", "[a-z][a-z0-9_:]*",
              "spec.groups[].rules[].expr", "(?s).+",
              "spec.groups[].rules[].for", DURATION,
              "spec.groups[].rules[].keep_firing_for", DURATION,
              "spec.groups[].rules[].labels.*", ".+",
              "spec.groups[].rules[].annotations.*", "(?s).+"),
          "serving.kserve.io/v1alpha1 ServingRuntime",
          Map.of(
              "spec.supportedModelFormats[].name", "gpt2",
              "spec.supportedModelFormats[].version", "[0-9]+",
              "spec.supportedModelFormats[].autoSelect", BOOLEAN,
              "spec.volumes[].*", ANY,
              "spec.containers[].*", ANY),
          "serving.kserve.io/v1beta1 InferenceService",
          Map.of(
              "spec.predictor.minReplicas", NUMBER,
              "spec.predictor.maxReplicas", NUMBER,
              "spec.predictor.terminationGracePeriodSeconds", NUMBER,
              "spec.predictor.model.runtime", NAME,
              "spec.predictor.model.modelFormat.name", "gpt2",
              "spec.predictor.model.storageUri", "(hf|pvc|s3|gs|oci)://.+",
              "spec.predictor.model.resources.*", ANY),
          "serving.kserve.io/v1alpha2 LLMInferenceService",
          Map.of(
              "spec.model.uri", "(hf|pvc|s3|oci)://.+",
              "spec.model.name", ".+",
              "spec.replicas", NUMBER,
              "spec.router.route", ANY,
              "spec.router.gateway", ANY,
              "spec.router.scheduler", ANY,
              "spec.template.terminationGracePeriodSeconds", NUMBER,
              "spec.template.containers[].*", ANY));

  /** Enumerations that Kubernetes' types do not know. */
  private static final Map<String, String> ENUMERATIONS =
      Map.ofEntries(
          Map.entry("Deployment spec.strategy.type", "RollingUpdate|Recreate"),
          Map.entry("HorizontalPodAutoscaler spec.metrics[].type", "ContainerResource|Pods"),
          Map.entry("HorizontalPodAutoscaler .*target.type", "Utilization|AverageValue"),
          Map.entry("Ingress .*pathType", "Exact|Prefix|ImplementationSpecific"),
          Map.entry("NetworkPolicy spec.policyTypes[]", "Ingress|Egress"),
          Map.entry("PersistentVolumeClaim spec.accessModes[]", "ReadWrite(Once|Many|OncePod)"),
          Map.entry("PodDisruptionBudget spec.unhealthyPodEvictionPolicy", "AlwaysAllow"),
          Map.entry("Secret type", "Opaque"),
          Map.entry("Service spec.type", "ClusterIP|NodePort|LoadBalancer"),
          Map.entry("Service spec.sessionAffinity", "None|ClientIP"),
          Map.entry("Job .*restartPolicy", "OnFailure"),
          Map.entry("Pod spec.restartPolicy", "Never"),
          Map.entry(".* .*imagePullPolicy", "Always|IfNotPresent|Never"),
          Map.entry(".* .*volumes[].image.pullPolicy", "Always|IfNotPresent|Never"),
          Map.entry(".* .*protocol", "TCP|UDP"),
          Map.entry(".* .*seccompProfile.type", "RuntimeDefault"),
          Map.entry(".* .*fsGroupChangePolicy", "OnRootMismatch"),
          Map.entry(".* .*capabilities.drop[]", "ALL"),
          Map.entry(".* .*whenUnsatisfiable", "ScheduleAnyway|DoNotSchedule"),
          Map.entry(".* .*tolerations[].operator", "Exists|Equal"),
          Map.entry(".* .*tolerations[].effect", "NoSchedule|PreferNoSchedule|NoExecute"),
          Map.entry(".* .*resourceFieldRef.resource", "(limits|requests)\\.cpu"));

  private CustomKinds() {}

  /** Problems of an object of a listed kind; empty for other kinds. */
  static Optional<List<String>> problems(Manifest manifest) {
    Map<String, String> fields = FIELDS.get(manifest.apiVersion() + " " + manifest.kind());
    if (fields == null) {
      return Optional.empty();
    }
    List<String> problems = new ArrayList<>();
    Yamls.leaves(Map.of("spec", manifest.map("spec")))
        .forEach(
            (path, values) -> {
              Optional<String> allowed =
                  fields.entrySet().stream()
                      .filter(field -> matches(field.getKey(), path))
                      .map(Map.Entry::getValue)
                      .findFirst();
              if (allowed.isEmpty()) {
                problems.add(manifest.title() + " has an unknown field, " + path);
              }
              allowed.ifPresent(form -> checkAll(manifest, path, values, form, problems));
            });
    return Optional.of(problems);
  }

  /** Values of any kind of object that are not among those that Kubernetes takes. */
  static List<String> wrongEnumerations(Manifest manifest) {
    List<String> problems = new ArrayList<>();
    Yamls.leaves(manifest.document())
        .forEach(
            (path, values) ->
                ENUMERATIONS.forEach(
                    (place, allowed) -> {
                      if ((manifest.kind() + " " + path).matches(place.replace("[]", "\\[]"))) {
                        checkAll(manifest, path, values, allowed, problems);
                      }
                    }));
    return problems;
  }

  private static boolean matches(String field, String path) {
    return field.endsWith("*")
        ? path.startsWith(field.substring(0, field.length() - 1))
        : path.equals(field);
  }

  private static void checkAll(
      Manifest manifest, String path, List<Object> values, String form, List<String> problems) {
    values.stream()
        .filter(value -> !hasForm(value, form))
        .map(value -> "%s: %s is %s, not %s".formatted(manifest.title(), path, value, form))
        .forEach(problems::add);
  }

  private static boolean hasForm(Object value, String form) {
    return switch (form) {
      case NUMBER -> value instanceof Integer;
      case BOOLEAN -> value instanceof Boolean;
      case ANY -> true;
      default -> value instanceof String text && text.matches(form);
    };
  }
}
