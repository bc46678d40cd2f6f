package io.github.gpt2server.boot.wiring;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.ops.exchange.Operation;
import io.github.gpt2server.web.ratelimit.RateLimitFilter;
import io.github.gpt2server.web.ratelimit.RateLimiter;
import io.github.gpt2server.web.security.AccessControl;
import io.github.gpt2server.web.security.ApiKeyFile;
import io.github.gpt2server.web.security.ApiKeys;
import io.github.gpt2server.web.security.CallerFilter;
import io.github.gpt2server.web.tomcat.ForwardedForValve;
import io.github.gpt2server.web.tomcat.TrustedProxies;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedHandler;

/** Wires the rules of access; see {@link AccessControl}. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(Gpt2Properties.class)
public class SecurityConfiguration {
  private static final Logger log = LoggerFactory.getLogger(SecurityConfiguration.class);
  private static final int LIMITS_ORDER = Ordered.LOWEST_PRECEDENCE;

  @Bean
  @ConditionalOnProperty("gpt2.api-keys-file")
  ApiKeyFile apiKeyFile(Gpt2Properties properties) {
    return ApiKeyFile.watch(Path.of(properties.apiKeysFile()), properties.apiKeys());
  }

  @Bean
  ApiKeys apiKeys(Gpt2Properties properties, ObjectProvider<ApiKeyFile> file) {
    return new ApiKeys(properties.apiKeys(), Optional.ofNullable(file.getIfAvailable()));
  }

  @Bean
  AccessControl accessControl(Gpt2Properties properties, ApiKeys keys) {
    return new AccessControl(keys, properties.corsOrigins());
  }

  /** Believes what proxies say of their clients if they are among the trusted ones. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> trustedProxies(
      Gpt2Properties properties) {
    return factory -> {
      if (!properties.trustedProxies().isEmpty()) {
        factory.addEngineValves(
            new ForwardedForValve(), TrustedProxies.valve(properties.trustedProxies()));
      }
    };
  }

  /** After the keys have been looked at. */
  @Bean
  FilterRegistrationBean<CallerFilter> callerFilter(Gpt2Properties properties) {
    FilterRegistrationBean<CallerFilter> registration =
        new FilterRegistrationBean<>(new CallerFilter(properties.sharePrefixCache()));
    registration.setOrder(LIMITS_ORDER - 1);
    return registration;
  }

  @Bean
  RateLimiter rateLimiter(Gpt2Properties properties, ApiKeys keys) {
    Set<String> unknown = new TreeSet<>(properties.limits().keys().keySet());
    unknown.removeAll(keys.names());
    if (!unknown.isEmpty()) {
      log.warn("gpt2.limits.keys has limits for names that no API key has yet: {}", unknown);
    }
    return new RateLimiter(properties.limits(), keys::clients);
  }

  /** After the caller is known. */
  @Bean
  FilterRegistrationBean<RateLimitFilter> rateLimitFilter(RateLimiter limiter) {
    FilterRegistrationBean<RateLimitFilter> registration =
        new FilterRegistrationBean<>(
            new RateLimitFilter(limiter, request -> Operation.of(request).isPresent()));
    registration.setOrder(LIMITS_ORDER);
    return registration;
  }

  /** Provides the manager, which also keeps Spring Boot from making up a user with a password. */
  @Bean
  AuthenticationManager authenticationManager(AccessControl access) {
    return access::authenticate;
  }

  @Bean
  SecurityFilterChain securityFilterChain(HttpSecurity http, AccessControl access) {
    return access.chain(http);
  }

  @Bean
  HttpFirewall httpFirewall() {
    return AccessControl.firewall();
  }

  @Bean
  RequestRejectedHandler requestRejectedHandler() {
    return AccessControl::reject;
  }

  /** Hides secrets even where the actuator's env endpoint is open and shows values. */
  @Bean
  SanitizingFunction secretsAreNotShown() {
    return SanitizingFunction.sanitizeValue()
        .ifLikelySensitive()
        .ifKeyMatches(key -> key.matches("(?i)(gpt2[._-])?api[._-]?keys.*|sun\\.java\\.command"));
  }
}
