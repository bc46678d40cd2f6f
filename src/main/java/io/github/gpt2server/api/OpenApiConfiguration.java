package io.github.gpt2server.api;

import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.OpenAPI;
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
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.JsonNode;

/** What the OpenAPI document says beyond the endpoints themselves. */
@Configuration(proxyBeanMethods = false)
public class OpenApiConfiguration {
  private static final Content ERROR =
      new Content()
          .addMediaType(
              "application/json",
              new MediaType().schema(new Schema<>().$ref("#/components/schemas/ErrorResponse")));

  private static final Map<String, String> ANYWHERE =
      errors(
          "401", "An API key is needed and is missing or wrong.",
          "500", "Something broke; the server's log says more.",
          "503", "The model is loading or the server shuts down; see Retry-After.");

  private static final Map<String, String> WITH_BODY =
      errors(
          "400", "A field is wrong: param names it, message says what it is and may be.",
          "404", "No such model (code model_not_found).",
          "413", "The body is too large.",
          "415", "The Content-Type is not application/json.",
          "429", "The queue is full; see Retry-After.");

  static {
    // Fields of several forms say so themselves; Jackson's tree type says nothing to a reader.
    SpringDocUtils.getConfig().replaceWithClass(JsonNode.class, Object.class);
  }

  /** Title, and the optional API key. */
  @Bean
  public OpenAPI openApi() {
    OpenAPI api =
        new OpenAPI()
            .info(
                new Info()
                    .title("gpt2-server")
                    .version("v1")
                    .description(
                        "GPT-2 over HTTP: OpenAI's completions, and what the model thinks in"
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

  /** Puts the error's schema into the document; no endpoint returns it by its type. */
  @Bean
  public OpenApiCustomizer errorSchema() {
    return api ->
        ModelConverters.getInstance(true)
            .readAll(ErrorResponse.class)
            .forEach((name, schema) -> api.getComponents().addSchemas(name, schema));
  }

  /** Describes the errors of each endpoint. */
  @Bean
  public OperationCustomizer errorResponses() {
    return (operation, method) -> {
      Map<String, String> errors = new LinkedHashMap<>();
      if (operation.getRequestBody() != null) {
        errors.putAll(WITH_BODY);
      }
      errors.putAll(ANYWHERE);
      ApiResponses responses = operation.getResponses();
      errors.forEach(
          (status, description) ->
              responses.addApiResponse(status, new ApiResponse().description(description)));
      responses.forEach(
          (status, response) -> {
            if (status.compareTo("400") >= 0) {
              response.setContent(ERROR);
            }
          });
      return operation;
    };
  }

  private static Map<String, String> errors(String... statusesAndDescriptions) {
    Map<String, String> errors = new LinkedHashMap<>();
    for (int i = 0; i < statusesAndDescriptions.length; i += 2) {
      errors.put(statusesAndDescriptions[i], statusesAndDescriptions[i + 1]);
    }
    return errors;
  }
}
