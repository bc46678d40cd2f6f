package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.error.ShortageResolver;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.WebMvcRegistrations;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.filter.UrlHandlerFilter;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;

/** The additions of the port of the API to {@link TomcatConfiguration}. */
@Configuration(proxyBeanMethods = false)
public class ApiPortConfiguration {

  /**
   * Answers a path with a slash at its end as without, as clients make them of a base URL and an
   * empty rest. Comes before what looks at paths.
   */
  @Bean
  public FilterRegistrationBean<UrlHandlerFilter> trailingSlashes() {
    FilterRegistrationBean<UrlHandlerFilter> registration =
        new FilterRegistrationBean<>(
            UrlHandlerFilter.trailingSlashHandler("/**").wrapRequest().build());
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
    return registration;
  }

  /** A lack of memory in an exception handler goes to that filter. */
  @Bean
  public WebMvcRegistrations exceptionHandlers() {
    return new WebMvcRegistrations() {
      @Override
      public ExceptionHandlerExceptionResolver getExceptionHandlerExceptionResolver() {
        return new ShortageResolver();
      }
    };
  }
}
