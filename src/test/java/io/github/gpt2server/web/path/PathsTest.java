package io.github.gpt2server.web.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.ClassPathBeanDefinitionScanner;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.core.type.filter.RegexPatternTypeFilter;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.GenericWebApplicationContext;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The constants are what Spring MVC maps, and that is what clients know. */
class PathsTest {
  /** Served by the actuator, by springdoc or as a bean of this name, or parts of other paths. */
  private static final Set<String> NOT_MAPPED =
      Set.of(
          "ACTUATOR",
          "API_DOCS",
          "METRICS",
          "ID",
          "AZURE",
          "AZURE_DEPLOYMENT_COMPLETIONS",
          "AZURE_DEPLOYMENT_CHAT_COMPLETIONS",
          "AZURE_DEPLOYMENT_EMBEDDINGS",
          "AZURE_MODELS");

  @Test
  void theMappingsAreTheContract() {
    assertThat(mappings())
        .containsExactlyInAnyOrder(
            "POST /v1/completions",
            "POST /v1/chat/completions",
            "POST /v1/embeddings",
            "POST /v1/next-token",
            "POST /v1/score",
            "POST /v1/inspect",
            "POST /v1/most-similar",
            "POST /v1/tokenize",
            "POST /v1/detokenize",
            "GET /v1/status",
            "GET /v1/vocabulary",
            "GET /v1/models",
            "GET /v1/models/{*id}",
            "POST /tokenize",
            "POST /detokenize",
            "GET /tokenizer_info",
            "POST /openai/v1/completions",
            "POST /openai/v1/chat/completions",
            "POST /openai/v1/embeddings",
            "POST /openai/deployments/{deployment}/completions",
            "POST /openai/deployments/{deployment}/chat/completions",
            "POST /openai/deployments/{deployment}/embeddings",
            "GET /openai/v1/models",
            "GET /openai/v1/models/",
            "GET /openai/models",
            "GET /openai/models/",
            "GET /openai/v1/models/{*id}",
            "GET /openai/models/{*id}",
            "GET /health",
            "GET /v3.0/api-docs",
            " /error");
  }

  @Test
  void everyConstantIsMapped() throws IllegalAccessException {
    Set<String> mapped = new TreeSet<>();
    mappings().forEach(mapping -> mapped.add(mapping.substring(mapping.indexOf(' ') + 1)));
    for (Field constant : Paths.class.getFields()) {
      if (constant.getType() == String.class && !NOT_MAPPED.contains(constant.getName())) {
        assertThat(mapped).as(constant.getName()).contains((String) constant.get(null));
      }
    }
  }

  /** The methods and paths of all controllers, none of which is created. */
  private static Set<String> mappings() {
    Set<String> mappings = new TreeSet<>();
    try (GenericWebApplicationContext context = new GenericWebApplicationContext()) {
      ClassPathBeanDefinitionScanner scanner = new ClassPathBeanDefinitionScanner(context, false);
      scanner.addIncludeFilter(new AnnotationTypeFilter(RestController.class));
      scanner.addExcludeFilter(new RegexPatternTypeFilter(Pattern.compile(".*(Test|IT[$]).*")));
      scanner.getBeanDefinitionDefaults().setLazyInit(true);
      scanner.scan("io.github.gpt2server");
      context.refresh();
      RequestMappingHandlerMapping mapping = new RequestMappingHandlerMapping();
      mapping.setApplicationContext(context);
      mapping.setEmbeddedValueResolver(context.getEnvironment()::resolvePlaceholders);
      mapping.afterPropertiesSet();
      mapping
          .getHandlerMethods()
          .keySet()
          .forEach(
              info -> {
                String method =
                    info.getMethodsCondition().getMethods().stream()
                        .map(Enum::name)
                        .findAny()
                        .orElse("");
                info.getPatternValues().forEach(path -> mappings.add(method + " " + path));
              });
    }
    return mappings;
  }
}
