/**
 * The body of a request, read field by field as its bytes arrive into the record of its endpoint.
 * Limits apply before objects are built; unknown and unsupported fields are answered from the table
 * in {@code api/fields.yaml}.
 */
package io.github.gpt2server.api.json;
