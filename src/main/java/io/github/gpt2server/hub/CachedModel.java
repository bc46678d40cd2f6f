package io.github.gpt2server.hub;

import java.util.List;
import java.util.Map;

/**
 * What the cache holds of a model, whoever downloaded it.
 *
 * @param model the hub's id
 * @param commits the commits of which there are files
 * @param revisions the commit that each branch and tag was, when it was last asked for
 * @param bytes how much room all this takes, interrupted downloads included
 */
public record CachedModel(
    String model, List<String> commits, Map<String, String> revisions, long bytes) {}
