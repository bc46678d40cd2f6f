package io.github.gpt2server.api.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import org.springdoc.webmvc.api.OpenApiWebMvcResource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The OpenAPI document in version 3.0, for tools that do not read 3.1; springdoc serves one version
 * alone. It is where springdoc's is: not here if that is switched off, or on the management port.
 */
@Hidden
@RestController
@ConditionalOnProperty(name = "springdoc.api-docs.enabled", matchIfMissing = true)
@ConditionalOnProperty(
    name = "springdoc.use-management-port",
    havingValue = "false",
    matchIfMissing = true)
final class OpenApi30Controller {
  private final ObjectProvider<OpenApiWebMvcResource> newest;
  private final JsonMapper json;

  OpenApi30Controller(ObjectProvider<OpenApiWebMvcResource> newest, JsonMapper json) {
    this.newest = newest;
    this.json = json;
  }

  /** The document of version 3.1, converted. */
  @GetMapping(path = Paths.API_DOCS_30, produces = MediaType.APPLICATION_JSON_VALUE)
  JsonNode document(HttpServletRequest request, Locale locale) throws JsonProcessingException {
    return OpenApi30.convert(
        json.readTree(newest.getObject().openapiJson(request, Paths.API_DOCS_30, locale)));
  }
}
