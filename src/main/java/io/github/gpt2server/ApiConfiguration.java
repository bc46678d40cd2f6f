package io.github.gpt2server;

import io.github.gpt2server.api.ApiLimits;
import io.github.gpt2server.api.RequestIdFilter;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/** Wires package {@code api}: what requests may ask for. */
@Configuration(proxyBeanMethods = false)
class ApiConfiguration {

  /** The first: what comes after may log, refuse or be traced. */
  @Bean
  FilterRegistrationBean<RequestIdFilter> requestIdFilter() {
    FilterRegistrationBean<RequestIdFilter> registration =
        new FilterRegistrationBean<>(new RequestIdFilter());
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  @Bean
  ApiLimits apiLimits(Gpt2Properties properties) {
    return new ApiLimits(
        properties.requestTimeout(),
        properties.maxLogprobs(),
        properties.strictFields(),
        properties.maxInspectValues());
  }
}
