package io.github.gpt2server.web.json;

import java.util.List;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** Rules for writing answers as JSON. */
@Configuration(proxyBeanMethods = false)
public class JsonConfiguration {

  /** Fields in the order in which the records have them, as documentation shows them. */
  @Bean
  public JsonMapperBuilderCustomizer fieldOrder() {
    return builder -> builder.disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY);
  }

  /** The mapper of Spring Boot, which writes neither NaN nor infinity. */
  @Bean
  @Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
  public JsonMapper.Builder jsonMapperBuilder(List<JsonMapperBuilderCustomizer> customizers) {
    JsonMapper.Builder builder =
        JsonMapper.builder(
            JsonFactory.builder()
                .addDecorator((factory, generator) -> new FiniteNumbers(generator))
                .build());
    customizers.forEach(customizer -> customizer.customize(builder));
    return builder;
  }

  /** Answers of moderate size have a Content-Length. */
  @Bean
  public ServerHttpMessageConvertersCustomizer sizedAnswers(JsonMapper json) {
    return builder -> builder.withJsonConverter(new SizedJsonConverter(json));
  }

  /** Numbers are most of what this server says: Schubfach writes them faster than the JDK. */
  @Bean
  public JsonMapperBuilderCustomizer fastNumbers() {
    return builder -> builder.enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER);
  }
}
