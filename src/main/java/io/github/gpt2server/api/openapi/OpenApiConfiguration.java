package io.github.gpt2server.api.openapi;

import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.web.error.ErrorResponse;
import io.github.gpt2server.web.ratelimit.RateLimitHeaders;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.method.HandlerMethod;
import tools.jackson.databind.JsonNode;

/** The parts of the OpenAPI document beyond the endpoints themselves. */
@Configuration(proxyBeanMethods = false)
public class OpenApiConfiguration {
  private static final Content ERROR =
      new Content()
          .addMediaType(
              "application/json",
              new MediaType().schema(new Schema<>().$ref("#/components/schemas/ErrorResponse")));

  private static final Map<String, String> ANYWHERE =
      errors(
          "401",
          "An API key is needed and is missing or wrong.",
          "500",
          "Something broke; the server's log says more.",
          "503",
          "The model is loading, the server shuts down, or there is no memory left for the request"
              + " (code out_of_memory); see Retry-After.");

  private static final Map<String, String> WITH_BODY =
      errors(
          "400", "A field is wrong: param names it, message says what it is and may be.",
          "404", "No such model (code model_not_found).",
          "413", "The body is too large, or takes more memory than one request may.",
          "415", "The Content-Type is not application/json.",
          "429",
              "The queue is full (code queue_full), or a limit of the API key is reached (code"
                  + " rate_limit_exceeded); see Retry-After.");

  /** Statuses after which the same request may succeed later. */
  private static final Set<String> RETRIED = Set.of("429", "503");

  private static final Header RETRY_AFTER =
      new Header()
          .description("Seconds after which to try again.")
          .schema(new Schema<>().typesItem("integer"));

  /** Of answers to requests to the model, where its API key has limits. */
  private static final Map<String, Header> LIMITS =
      RateLimitHeaders.descriptions().entrySet().stream()
          .collect(
              Collectors.toMap(
                  Map.Entry::getKey,
                  header ->
                      new Header()
                          .description(header.getValue())
                          .schema(
                              new Schema<>()
                                  .typesItem(
                                      header.getKey().contains("reset") ? "string" : "integer")),
                  (a, b) -> a,
                  TreeMap::new));

  static {
    // Fields of several forms say so themselves; Jackson's tree type says nothing to a reader.
    SpringDocUtils.getConfig().replaceWithClass(JsonNode.class, Object.class);
    SpringDocUtils.getConfig().replaceWithClass(Prompt.class, Object.class);
  }

  /** Title, and the optional API key. */
  @Bean
  public OpenAPI openApi(ObjectProvider<BuildProperties> build) {
    OpenAPI api =
        new OpenAPI()
            .tags(ApiTags.all())
            .info(
                new Info()
                    .title("gpt2-server")
                    .version(
                        build.stream().map(BuildProperties::getVersion).findAny().orElse("dev"))
                    .description(
                        "GPT-2 over HTTP: OpenAI's completions, and the model's internals in"
                            + " numbers. Every error has the shape of ErrorResponse.")
                    .license(
                        new License()
                            .name("Apache-2.0")
                            .url("https://www.apache.org/licenses/LICENSE-2.0")));
    api.schemaRequirement(
        "apiKey",
        new SecurityScheme()
            .type(SecurityScheme.Type.HTTP)
            .scheme("bearer")
            .description("Needed only where the server has gpt2.api-keys."));
    // Either nothing or a key: most servers have no keys.
    api.addSecurityItem(new SecurityRequirement());
    api.addSecurityItem(new SecurityRequirement().addList("apiKey"));
    return api;
  }

  /**
   * Puts the error's schema into the document, for no endpoint returns it by its type, and says of
   * every schema rightly where null may stand.
   */
  @Bean
  public OpenApiCustomizer schemas() {
    return api -> {
      ModelConverters.getInstance(true)
          .readAll(ErrorResponse.class)
          .forEach((name, schema) -> api.getComponents().addSchemas(name, schema));
      api.getComponents().getSchemas().values().forEach(NullableSchemas::correct);
    };
  }

  /** Describes the errors of each endpoint. */
  @Bean
  public OperationCustomizer errorResponses() {
    return (operation, method) -> {
      Map<String, String> errors = new LinkedHashMap<>();
      if (operation.getRequestBody() != null) {
        errors.putAll(WITH_BODY);
      }
      if (!isOpen(operation)) {
        errors.putAll(ANYWHERE);
      }
      ApiResponses responses = operation.getResponses();
      errors.forEach(
          (status, description) ->
              responses.addApiResponse(status, new ApiResponse().description(description)));
      // What takes the model's time may take too long.
      if (responses.containsKey("504")) {
        LIMITS.forEach(responses.get("200")::addHeaderObject);
        LIMITS.forEach(responses.get("429")::addHeaderObject);
      }
      Set<String> described = withContent(method);
      responses.forEach(
          (status, response) -> {
            if (status.compareTo("400") < 0 || described.contains(status)) {
              return;
            }
            response.setContent(ERROR);
            if (RETRIED.contains(status)) {
              response.addHeaderObject("Retry-After", RETRY_AFTER);
            }
          });
      return operation;
    };
  }

  /** Returns whether it needs no key; such endpoints describe all of their answers themselves. */
  private static boolean isOpen(Operation operation) {
    return operation.getSecurity() != null && operation.getSecurity().isEmpty();
  }

  /** The statuses whose bodies the endpoint itself describes. */
  private static Set<String> withContent(HandlerMethod method) {
    return AnnotatedElementUtils.getMergedRepeatableAnnotations(
            method.getMethod(), io.swagger.v3.oas.annotations.responses.ApiResponse.class)
        .stream()
        .filter(response -> response.content().length > 0)
        .map(io.swagger.v3.oas.annotations.responses.ApiResponse::responseCode)
        .collect(Collectors.toSet());
  }

  private static Map<String, String> errors(String... statusesAndDescriptions) {
    Map<String, String> errors = new LinkedHashMap<>();
    for (int i = 0; i < statusesAndDescriptions.length; i += 2) {
      errors.put(statusesAndDescriptions[i], statusesAndDescriptions[i + 1]);
    }
    return errors;
  }
}
