package io.github.gpt2server.boot.wiring;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.memory.MemoryBudget;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Wires package {@code api}: what requests may ask for. */
@Configuration(proxyBeanMethods = false)
class ApiConfiguration {

  @Bean
  ApiLimits apiLimits(Gpt2Properties properties, MemoryBudget memory) {
    return new ApiLimits(
        properties.requestTimeout(),
        properties.maxLogprobs(),
        properties.strictFields(),
        properties.maxInspectValues(),
        new MaxTokens(properties.defaultMaxTokens(), properties.clampMaxTokens()),
        memory);
  }
}
