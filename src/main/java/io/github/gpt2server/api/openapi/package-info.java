/**
 * The OpenAPI document: its description and tags, and the schemas with the limits that requests
 * really have.
 */
package io.github.gpt2server.api.openapi;
