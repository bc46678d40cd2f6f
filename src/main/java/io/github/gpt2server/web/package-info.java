/**
 * HTTP plumbing that knows no endpoint but by its path, and no engine: server-sent events and
 * request ids here, and a package each for paths, errors, JSON, Tomcat and access. {@code api} and
 * {@code ops} build on it.
 */
package io.github.gpt2server.web;
