package io.github.gpt2server.boot.wiring;

import io.github.gpt2server.ops.health.ProbeController;
import io.github.gpt2server.ops.metrics.MetricsPage;
import io.github.gpt2server.web.path.Paths;
import io.github.gpt2server.web.tomcat.TomcatConfiguration;
import io.github.gpt2server.web.tomcat.TomcatFolders;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * Additions to the actuator on a management port of its own ({@code management.server.port}):
 * health and metrics where routers of inference servers look for them, and the Tomcat of the main
 * port with its limits. Spring Boot finds this class by its name; it is no configuration that a
 * scan would find, for the main port has its own.
 */
@ConditionalOnManagementPort(ManagementPortType.DIFFERENT)
@Import({ProbeController.class, TomcatConfiguration.class, TomcatFolders.class})
class ManagementPortConfiguration {

  @Bean(Paths.METRICS)
  MetricsPage metricsPage(PrometheusMeterRegistry registry) {
    return new MetricsPage(registry);
  }
}
