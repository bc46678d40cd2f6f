/**
 * JSON as Jackson reads and writes it: finite numbers only, answers whose lists are computed while
 * they are written. How the body of a request is read is in {@code api.json}.
 */
package io.github.gpt2server.web.json;
