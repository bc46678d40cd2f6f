package io.github.gpt2server.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.Scrape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Dashboard and alert rules ask for what the server really has. */
@OwnServer({"--gpt2.max-sequences=2", "--gpt2.chat-template=plain"})
class MonitoringFilesIT {
  private static final Path DOCKER = Path.of("docker");
  private static final Path DASHBOARD = DOCKER.resolve("grafana/dashboards/gpt2-server.json");
  private static final Path ALERTS = DOCKER.resolve("prometheus/alerts.yaml");
  private static final Path ALERTS_TEST = DOCKER.resolve("prometheus/alerts-test.yaml");

  /** Prometheus gives these to what it scrapes. */
  private static final Set<String> OF_THE_SCRAPE = Set.of("job", "instance");

  @TempDir private Path folder;

  private static LiveServer server;
  private static Scrape scrape;

  @BeforeAll
  static void scrape() throws Exception {
    server.ask("/v1/completions", "{\"prompt\": \"The king\", \"max_tokens\": 3}");
    server.ask(
        "/v1/chat/completions",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_tokens\": 3}");
    // Its pauses have no meter before the first.
    System.gc();
    scrape =
        Scrape.await(
            server,
            s ->
                s.value("gpt2_requests_total") == 2
                    && s.names().contains("jvm_gc_pause_seconds_sum"));
  }

  private static Map<String, Object> yaml(Path file) throws IOException {
    return new Yaml().load(Files.readString(file));
  }

  private static List<Map<String, Object>> alerts() throws IOException {
    return list(list(yaml(ALERTS), "groups").get(0), "rules");
  }

  @SuppressWarnings("unchecked") // The file's form is tested by promtool.
  private static List<Map<String, Object>> list(Map<String, Object> map, String key) {
    return (List<Map<String, Object>>) map.get(key);
  }

  private static List<JsonNode> panels() throws IOException {
    JsonNode panels = JsonMapper.shared().readTree(Files.readString(DASHBOARD)).get("panels");
    return StreamSupport.stream(panels.spliterator(), false).toList();
  }

  /** The dashboard's expressions with its variables filled in. */
  private static List<String> dashboardExpressions() throws IOException {
    return panels().stream()
        .filter(panel -> panel.has("targets"))
        .flatMap(panel -> StreamSupport.stream(panel.get("targets").spliterator(), false))
        .map(target -> target.get("expr").stringValue())
        .map(text -> text.replace("$__rate_interval", "5m").replaceAll("\\$(job|instance)", ".*"))
        .toList();
  }

  private static List<String> allExpressions() throws IOException {
    return Stream.concat(
            dashboardExpressions().stream(),
            alerts().stream().map(alert -> alert.get("expr").toString()))
        .toList();
  }

  @Test
  void everyExpressionAsksForWhatThereIs() throws IOException {
    List<String> expressions = allExpressions();
    assertThat(expressions).hasSizeGreaterThan(40).noneMatch(text -> text.contains("$"));
    for (String expression : expressions) {
      List<PromQl.Selector> selectors = PromQl.selectors(expression);
      assertThat(selectors).as(expression).isNotEmpty();
      for (PromQl.Selector selector : selectors) {
        List<Scrape.Sample> found =
            scrape.samples(selector.metric()).stream()
                .filter(sample -> selector.matches(sample, OF_THE_SCRAPE))
                .toList();
        // Prometheus itself makes up; requests with errors have not been made here.
        if (!selector.metric().equals("up")) {
          assertThat(found).as("%s in %s", selector, expression).isNotEmpty();
        }
        for (String label : PromQl.groupings(expression)) {
          assertThat(OF_THE_SCRAPE.contains(label) || found.get(0).labels().containsKey(label))
              .as("%s of %s in %s", label, selector.metric(), expression)
              .isTrue();
        }
      }
    }
  }

  @Test
  void theReaderOfExpressionsReads() {
    assertThat(
            PromQl.selectors(
                    "histogram_quantile(0.95, sum by (job, le) (rate(a_bucket{b=\"c\"}[5m]))) > 2.5"
                        + " and d / on (job) e{f=~\"g|h\"}")
                .stream()
                .map(
                    s ->
                        s.metric()
                            + s.conditions().stream()
                                .map(c -> c.label() + c.operator() + c.value())
                                .toList()))
        .containsExactly("a_bucket[b=c]", "d[]", "e[f=g]", "e[f=h]");
    assertThat(PromQl.groupings("sum by (job, le) (a) / on (x) b"))
        .containsExactly("job", "le", "x");
  }

  @Test
  void everyAlertIsSeenFiring() throws IOException {
    Set<String> firing = new TreeSet<>();
    for (Map<String, Object> group : list(yaml(ALERTS_TEST), "tests")) {
      for (Map<String, Object> test : list(group, "alert_rule_test")) {
        if (!list(test, "exp_alerts").isEmpty()) {
          firing.add(test.get("alertname").toString());
        }
      }
    }
    assertThat(firing)
        .containsExactlyInAnyOrderElementsOf(
            alerts().stream().map(alert -> alert.get("alert").toString()).toList());
  }

  @Test
  void panelsStandSideBySide() throws IOException {
    Set<Integer> ids = new HashSet<>();
    Set<List<Integer>> cells = new HashSet<>();
    for (JsonNode panel : panels()) {
      assertThat(ids.add(panel.get("id").intValue())).isTrue();
      JsonNode place = panel.get("gridPos");
      for (int x = 0; x < place.get("w").intValue(); x++) {
        for (int y = 0; y < place.get("h").intValue(); y++) {
          int column = place.get("x").intValue() + x;
          assertThat(column).isLessThan(24);
          assertThat(cells.add(List.of(column, place.get("y").intValue() + y)))
              .as("%s lies on another panel", panel.get("title"))
              .isTrue();
        }
      }
    }
  }

  @Test
  void grafanaFindsItsSourceAndTheDashboard() throws IOException {
    Path provisioning = DOCKER.resolve("grafana/provisioning");
    Map<String, Object> source =
        list(yaml(provisioning.resolve("datasources/prometheus.yaml")), "datasources").get(0);
    JsonNode variable =
        JsonMapper.shared()
            .readTree(Files.readString(DASHBOARD))
            .at("/templating/list/0/current/value");

    assertThat(source).containsEntry("type", "prometheus").containsEntry("isDefault", true);
    assertThat(variable.stringValue()).isEqualTo(source.get("uid"));
    assertThat(list(yaml(provisioning.resolve("dashboards/gpt2-server.yaml")), "providers"))
        .hasSize(1);
  }

  @Test
  @ExtendWith(Promtool.Installed.class)
  void promtoolAcceptsTheFiles() throws Exception {
    Promtool.run("check", "config", DOCKER.resolve("prometheus/prometheus.yml").toString());
    Promtool.run("check", "rules", ALERTS.toString());
    Promtool.run("test", "rules", ALERTS_TEST.toString());
  }

  @Test
  @ExtendWith(Promtool.Installed.class)
  void promtoolAcceptsEveryExpression() throws Exception {
    List<Map<String, String>> rules = new ArrayList<>();
    for (String expression : allExpressions()) {
      rules.add(Map.of("record", "rule:" + rules.size(), "expr", expression));
    }
    Path file = folder.resolve("expressions.yaml");
    Files.writeString(
        file,
        new Yaml().dump(Map.of("groups", List.of(Map.of("name", "expressions", "rules", rules)))));

    Promtool.run("check", "rules", file.toString());
  }

  @Test
  @ExtendWith(Promtool.Installed.class)
  void promtoolAcceptsOurMetrics() throws Exception {
    Promtool.Result result = Promtool.runWith(scrape.text(), "check", "metrics");

    // 3 stands for remarks on style; those on the names of Spring, Tomcat and the JVM are not ours.
    assertThat(result.exitCode()).as(result.output()).isIn(0, 3);
    assertThat(result.output().lines())
        .filteredOn(line -> line.matches("(gen_ai|gpt2|vllm|process_resident).*"))
        .allMatch(line -> line.endsWith("metric names should not contain ':'"))
        .allMatch(line -> line.startsWith("vllm:"));
  }
}
