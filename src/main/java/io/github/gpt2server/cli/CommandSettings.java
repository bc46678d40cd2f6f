package io.github.gpt2server.cli;

import io.github.gpt2server.hub.ModelHub;

/**
 * Settings of commands that load no model.
 *
 * @param hub the hub and its cache
 * @param revision the branch, tag or commit of a model unless the command names another
 */
public record CommandSettings(ModelHub hub, String revision) {}
