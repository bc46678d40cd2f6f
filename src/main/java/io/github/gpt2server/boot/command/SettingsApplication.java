package io.github.gpt2server.boot.command;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** The settings alone, for commands that load no model. */
@EnableConfigurationProperties(Gpt2Properties.class)
class SettingsApplication {}
