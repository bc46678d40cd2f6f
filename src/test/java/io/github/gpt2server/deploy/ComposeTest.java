package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.env.MapPropertySource;

/** docker/compose.yaml, and the examples of proxies beside it. */
class ComposeTest {
  private static final Path DOCKER = Path.of("docker");

  private final Map<String, Object> compose = Project.yaml(DOCKER.resolve("compose.yaml"));
  private final Map<String, Object> services = map(compose.get("services"));
  private final Map<String, Object> cpu = map(services.get("gpt2-server"));
  private final Map<String, Object> cuda = map(services.get("gpt2-server-cuda"));

  @Test
  void withoutAProfileItServesOnTheCpu() {
    assertThat(
            services.entrySet().stream()
                .collect(
                    Collectors.toMap(
                        Map.Entry::getKey,
                        service -> list(map(service.getValue()).get("profiles")))))
        .isEqualTo(
            Map.of(
                "gpt2-server", List.of(),
                "gpt2-server-cuda", List.of("cuda"),
                "prometheus", List.of("monitoring"),
                "grafana", List.of("monitoring")));
  }

  @Test
  void buildsTheDockerfilesUnderTheVersionOfTheProject() {
    assertThat(cpu).containsEntry("image", "gpt2-server:" + Project.pom("version"));
    assertThat(cuda).containsEntry("image", "gpt2-server:" + Project.pom("version") + "-cuda");
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      Path context = DOCKER.resolve((String) map(service.get("build")).get("context"));
      assertThat(context.resolve("pom.xml")).exists();
      assertThat(context.resolve((String) map(service.get("build")).get("dockerfile"))).exists();
    }
  }

  @Test
  void publishesThePortOfTheServerOnThisMachineAlone() {
    services.forEach(
        (name, service) ->
            assertThat(list(map(service).get("ports")))
                .as(name)
                .hasSize(1)
                .allMatch(port -> ((String) port).startsWith("127.0.0.1:")));
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      assertThat((String) list(service.get("ports")).get(0)).endsWith(":" + Project.serverPort());
    }
    assertThat(services.values().stream().map(service -> list(map(service).get("ports"))))
        .doesNotHaveDuplicates();
  }

  @Test
  void asksForHealthAsTheImagesDo() {
    for (String file : List.of("Dockerfile", "docker/Dockerfile.cuda")) {
      Dockerfile.Instruction check =
          Dockerfile.read(Path.of(file)).image().last("HEALTHCHECK").orElseThrow();
      Map<String, Object> same = map(cpu.get("healthcheck"));
      assertThat(check.arguments())
          .isEqualTo(
              "--interval=%s --timeout=%s --start-period=%s --retries=%s CMD [\"%s\"]"
                  .formatted(
                      same.get("interval"),
                      same.get("timeout"),
                      same.get("start_period"),
                      same.get("retries"),
                      list(same.get("test")).get(1)));
      assertThat(list(same.get("test")).get(0)).isEqualTo("CMD");
    }
    assertThat(cuda.get("healthcheck")).isEqualTo(cpu.get("healthcheck"));
  }

  @Test
  void waitsUntilRunningRequestsAreDone() {
    Map<String, Object> settings = Project.yaml(Path.of("src/main/resources/application.yaml"));
    Duration phase =
        duration(
            map(map(settings.get("spring")).get("lifecycle")).get("timeout-per-shutdown-phase"));
    Duration grace =
        new Binder(
                ConfigurationPropertySources.from(new MapPropertySource("none", Map.of())),
                null,
                ApplicationConversionService.getSharedInstance())
            .bindOrCreate("gpt2", Gpt2Properties.class)
            .shutdownGrace();
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      assertThat(duration(service.get("stop_grace_period"))).isGreaterThan(grace.plus(phase));
    }
  }

  @Test
  void everyContainerIsHardened() {
    services.forEach(
        (name, service) ->
            assertThat(map(service))
                .as(name)
                .containsEntry("read_only", true)
                .containsEntry("cap_drop", List.of("ALL"))
                .containsEntry("security_opt", List.of("no-new-privileges"))
                .doesNotContainKeys("privileged", "cap_add", "network_mode", "pid", "ipc"));
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      assertThat((String) list(service.get("tmpfs")).get(0)).startsWith("/tmp:").contains("noexec");
      assertThat(service.get("memswap_limit")).isEqualTo(service.get("mem_limit")).isNotNull();
      assertThat(service).containsKey("pids_limit");
    }
  }

  @Test
  void settingsExistAndSecretsComeFromOutside() {
    List<String> settings =
        Arrays.stream(Gpt2Properties.class.getRecordComponents())
            .map(component -> "GPT2_" + component.getName().toUpperCase(Locale.ROOT))
            .toList();
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      Map<String, Object> environment = map(service.get("environment"));
      assertThat(environment.keySet())
          .filteredOn(name -> name.startsWith("GPT2_"))
          .isNotEmpty()
          .allMatch(name -> settings.contains("GPT2_" + name.substring(5).replace("_", "")));
      assertThat(environment).containsEntry("GPT2_API_KEYS", null).containsEntry("HF_TOKEN", null);
    }
  }

  /** The port of the API asks Prometheus for a key as soon as there are keys. */
  @Test
  void prometheusAsksThePortThatWantsNoKey() {
    List<Object> jobs =
        list(Project.yaml(DOCKER.resolve("prometheus/prometheus.yml")).get("scrape_configs"));
    Map<String, Object> targets = map(list(map(jobs.get(0)).get("static_configs")).get(0));
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      Object port = map(service.get("environment")).get("MANAGEMENT_SERVER_PORT");
      assertThat(port).isNotNull().isNotEqualTo(Project.serverPort());
      assertThat(targets.get("targets")).isEqualTo(List.of("gpt2-server:" + port));
      assertThat((String) list(service.get("ports")).get(0)).doesNotEndWith(":" + port);
    }
  }

  @Test
  void mountsWhatIsThere() {
    Map<String, Object> volumes = map(compose.get("volumes"));
    services.forEach(
        (name, service) -> {
          for (Object volume : list(map(service).get("volumes"))) {
            String source = ((String) volume).replaceFirst(":.*", "");
            if (!source.startsWith(".")) {
              assertThat(volumes).as(name).containsKey(source);
              continue;
            }
            assertThat((String) volume).as("%s only reads %s", name, source).endsWith(":ro");
            Path path = DOCKER.resolve(source).normalize();
            // Dashboards and alerts are a part of their own: there as a whole, or not at all.
            if (Files.exists(path.getParent()) && !path.getParent().equals(DOCKER)) {
              assertThat(path).exists();
            }
          }
        });
    for (Map<String, Object> service : List.of(cpu, cuda)) {
      assertThat(list(service.get("volumes"))).containsExactly("models:/models");
    }
  }

  @Test
  void examplesOfProxiesPointAtTheServer() {
    String server = "127.0.0.1:" + Project.serverPort();
    assertThat(Project.text(DOCKER.resolve("nginx.conf"))).contains("server " + server + ";");
    assertThat(Project.text(DOCKER.resolve("haproxy.cfg")))
        .contains(
            "server a " + server + "\n",
            "option httpchk GET /health\n",
            // Without it tokens come in bursts.
            "    option http-no-delay\n");
  }

  private static Duration duration(Object value) {
    return DurationStyle.detectAndParse((String) value);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Object value) {
    return value == null ? List.of() : (List<Object>) value;
  }
}
