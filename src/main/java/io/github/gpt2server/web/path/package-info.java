/**
 * The paths of all endpoints, for controllers, metrics, logs and access alike, and the advice about
 * paths that are not served. Depends on no other package of the web layer.
 */
package io.github.gpt2server.web.path;
