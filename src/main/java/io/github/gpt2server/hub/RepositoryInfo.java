package io.github.gpt2server.hub;

import java.util.List;

/**
 * What a hub knows of a repository at a revision.
 *
 * @param commit the commit, 40 hexadecimal digits
 * @param files the paths of its files
 */
record RepositoryInfo(String commit, List<String> files) {}
