package io.github.gpt2server.api.json;

/**
 * A request body as it was sent: a record with every field nullable, read strictly by {@link
 * JsonRequestConverter}.
 */
public interface JsonRequest {}
