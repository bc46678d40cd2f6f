package io.github.gpt2server.cli;

import io.github.gpt2server.hub.ModelHub;

/**
 * What the settings say to commands that load no model.
 *
 * @param hub the hub and its cache; asks nothing yet
 * @param revision the branch, tag or commit of a model unless the command names another
 */
public record CommandSettings(ModelHub hub, String revision) {}
