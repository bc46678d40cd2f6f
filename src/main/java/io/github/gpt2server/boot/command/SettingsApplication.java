package io.github.gpt2server.boot.command;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** What a command needs of the server that loads no model: the settings. */
@EnableConfigurationProperties(Gpt2Properties.class)
class SettingsApplication {}
