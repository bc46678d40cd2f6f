package io.github.gpt2server.web.security;

import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.error.ErrorResponse;
import io.github.gpt2server.web.path.Paths;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.config.ObjectPostProcessor;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.HeaderWriterFilter;
import org.springframework.security.web.header.writers.CrossOriginOpenerPolicyHeaderWriter.CrossOriginOpenerPolicy;
import org.springframework.security.web.header.writers.CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.NegatedRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.context.support.WebApplicationContextUtils;

/**
 * The rules of access and the headers for browsers: one chain of Spring Security for both ports.
 * With keys everything is closed but health, the files of the playground, which asks for a key
 * itself, and on a management port of its own what it is there for: metrics and documentation.
 */
public final class AccessControl {
  /**
   * The policy that allows nothing but the server's own scripts, styles and answers. Swagger UI has
   * pictures in its style sheet and adds one style of its own, which is known by its hash.
   */
  static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'"
          + " 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final RequestMatcher ON_MANAGEMENT_PORT =
      request ->
          WebServerApplicationContext.hasServerNamespace(
              WebApplicationContextUtils.getRequiredWebApplicationContext(
                  request.getServletContext()),
              WebServerNamespace.MANAGEMENT.getValue());

  /** Those of actuator endpoints remember the application that they are first asked in. */
  private final RequestMatcher open =
      new OrRequestMatcher(
          paths(Paths.HEALTH),
          EndpointRequest.to("health"),
          EndpointRequest.toAdditionalPaths(WebServerNamespace.SERVER, "health"),
          paths(Paths.PLAYGROUND.toArray(String[]::new)),
          request ->
              ON_MANAGEMENT_PORT.matches(request)
                  && (paths(Paths.METRICS).matches(request)
                      || EndpointRequest.toLinks().matches(request)
                      || EndpointRequest.to("prometheus", "info", "openapi", "swaggerui")
                          .matches(request)));

  private final ApiKeys keys;
  private final List<String> corsOrigins;

  /** Access by these keys, from these web origins. */
  public AccessControl(ApiKeys keys, List<String> corsOrigins) {
    this.keys = keys;
    this.corsOrigins = List.copyOf(corsOrigins);
  }

  /** Builds the chain: no sessions, no logins, no cookies, thus nothing to forge a request with. */
  public SecurityFilterChain chain(HttpSecurity http) {
    http.csrf(AbstractHttpConfigurer::disable)
        .sessionManagement(
            sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .requestCache(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .servletApi(AbstractHttpConfigurer::disable)
        .cors(AbstractHttpConfigurer::disable)
        .headers(
            headers ->
                headers
                    .contentSecurityPolicy(csp -> csp.policyDirectives(CONTENT_SECURITY_POLICY))
                    .referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.NO_REFERRER))
                    .crossOriginOpenerPolicy(
                        opener -> opener.policy(CrossOriginOpenerPolicy.SAME_ORIGIN))
                    .crossOriginResourcePolicy(
                        resource -> resource.policy(CrossOriginResourcePolicy.SAME_ORIGIN))
                    .withObjectPostProcessor(eagerHeaders()))
        .exceptionHandling(refusals -> refusals.authenticationEntryPoint(AccessControl::refuse));
    if (!corsOrigins.isEmpty()) {
      // Comes before keys are asked for: a preflight carries none.
      http.addFilter(new CorsPolicy(corsOrigins).filter());
    }
    if (keys.required()) {
      http.addFilterBefore(keyFilter(), AuthorizationFilter.class)
          .authorizeHttpRequests(
              requests ->
                  requests
                      // Inside the server: the request itself has been let in, or refused.
                      .dispatcherTypeMatchers(
                          DispatcherType.ERROR, DispatcherType.FORWARD, DispatcherType.ASYNC)
                      .permitAll()
                      .requestMatchers(open)
                      .permitAll()
                      .anyRequest()
                      .authenticated());
    } else {
      http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
    }
    return http.build();
  }

  /** Refuses ambiguous paths alone; other components refuse the rest. */
  public static HttpFirewall firewall() {
    StrictHttpFirewall firewall = new StrictHttpFirewall();
    // The name of a model has a slash, which Tomcat leaves as it is written: %2F.
    firewall.setAllowUrlEncodedSlash(true);
    firewall.getDecodedUrlBlocklist().remove("%");
    // Unknown methods get the usual 405.
    firewall.setUnsafeAllowAnyHttpMethod(true);
    // Tomcat refuses what could split a header; UTF-8 in a client's name is no attack.
    firewall.setAllowedHeaderValues(value -> true);
    firewall.setAllowedParameterNames(name -> true);
    firewall.setAllowedParameterValues(value -> true);
    return firewall;
  }

  /** Answers a request that the firewall refuses. */
  public static void reject(
      HttpServletRequest request, HttpServletResponse response, RequestRejectedException rejection)
      throws IOException {
    // The chain, which adds the headers, is not reached.
    response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    response.setHeader("X-Content-Type-Options", "nosniff");
    write(
        response,
        ErrorCode.INVALID_REQUEST,
        "The path is ambiguous: send it without ';', '//', '\\', and '.' or '..' as a"
            + " segment, encoded or not.");
  }

  /**
   * Decides about the keys of a request.
   *
   * @throws AuthenticationException with the sentence for the client, if they do not let it pass
   */
  public Authentication authenticate(Authentication request) {
    List<String> given = ((ApiKeyAuthentication) request).given();
    if (given.size() > 1) {
      throw new BadCredentialsException(
          "The request has different API keys in its headers: send one, in 'Authorization: Bearer"
              + " KEY'.");
    }
    return keys.find(given.get(0))
        .map(ApiKeyAuthentication::known)
        .orElseThrow(() -> new BadCredentialsException("The API key is unknown to this server."));
  }

  private AuthenticationFilter keyFilter() {
    AuthenticationFilter filter = new AuthenticationFilter(this::authenticate, new ApiKeyHeaders());
    // A health probe passes whatever it sends.
    filter.setRequestMatcher(new NegatedRequestMatcher(open));
    filter.setSuccessHandler((request, response, authentication) -> {});
    filter.setFailureHandler(AccessControl::refuse);
    return filter;
  }

  /** Headers are set before anything else, for a stream is sent before its end. */
  private static ObjectPostProcessor<HeaderWriterFilter> eagerHeaders() {
    return new ObjectPostProcessor<>() {
      @Override
      public <O extends HeaderWriterFilter> O postProcess(O filter) {
        filter.setShouldWriteHeadersEagerly(true);
        return filter;
      }
    };
  }

  private static void refuse(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException e)
      throws IOException {
    response.setHeader("WWW-Authenticate", "Bearer");
    String accept = request.getHeader("Accept");
    if (accept != null && accept.contains(MediaType.TEXT_HTML_VALUE)) {
      // A person who opens the documentation in a browser, which can ask only for this.
      response.addHeader("WWW-Authenticate", "Basic realm=\"the API key as password\"");
    }
    write(
        response,
        ErrorCode.INVALID_API_KEY,
        e instanceof BadCredentialsException
            ? e.getMessage()
            : "No API key was given: send it in the header 'Authorization: Bearer KEY'.");
  }

  private static void write(HttpServletResponse response, ErrorCode code, String message)
      throws IOException {
    response.setStatus(code.status().value());
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    ErrorResponse.of(code, null, message).writeTo(response.getOutputStream());
  }

  private static RequestMatcher paths(String... paths) {
    return new OrRequestMatcher(
        Arrays.stream(paths)
            .map(path -> (RequestMatcher) PathPatternRequestMatcher.pathPattern(path))
            .toList());
  }
}
