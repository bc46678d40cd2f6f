package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.error.ShortageFilter;
import jakarta.servlet.DispatcherType;
import org.apache.catalina.core.StandardHost;
import org.apache.tomcat.util.buf.EncodedSolidusHandling;
import org.springframework.boot.thread.Threading;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/**
 * The embedded Tomcat of every port: clients that leave are seen, Tomcat's own errors have the
 * envelope, and slow bodies and a lack of memory are bounded. The management port imports it.
 */
@Configuration(proxyBeanMethods = false)
public class TomcatConfiguration {

  /** Inside of what observes requests, and outside of everything that may need much memory. */
  @Bean
  public FilterRegistrationBean<ShortageFilter> shortages() {
    FilterRegistrationBean<ShortageFilter> registration =
        new FilterRegistrationBean<>(new ShortageFilter());
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 3);
    registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.ERROR);
    return registration;
  }

  /** Counts for one port; a virtual thread takes nothing from others. */
  @Bean
  BodyWaits bodyWaits(Environment environment) {
    String limit =
        Threading.VIRTUAL.isActive(environment)
            ? "server.tomcat.max-connections"
            : "server.tomcat.threads.max";
    return new BodyWaits(environment.getRequiredProperty(limit, Integer.class));
  }

  /** Inside of what observes requests. */
  @Bean
  FilterRegistrationBean<SlowBodyFilter> slowBodies(BodyWaits waits) {
    FilterRegistrationBean<SlowBodyFilter> registration =
        new FilterRegistrationBean<>(new SlowBodyFilter(waits));
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 4);
    return registration;
  }

  /** Watches connections for clients that leave, and reports Tomcat's own errors as JSON. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> observedTomcat(BodyWaits waits) {
    return factory -> {
      factory.setProtocol(ObservedHttp11Protocol.class.getName());
      factory.addConnectorCustomizers(
          connector -> {
            // OpenAI's clients write the slash of a model's id as %2F.
            connector.setEncodedSolidusHandling(EncodedSolidusHandling.PASS_THROUGH.getValue());
            if (connector.getProtocolHandler() instanceof ObservedHttp11Protocol http) {
              http.setBodyWaits(waits);
            }
          });
      factory.addContextCustomizers(
          context -> {
            if (context.getParent() instanceof StandardHost host) {
              host.setErrorReportValveClass(ErrorEnvelopeValve.class.getName());
            }
          });
    };
  }
}
