package io.github.gpt2server.api.openai;

import io.github.gpt2server.engine.Generation;
import java.util.List;

/**
 * A completion request that was found valid.
 *
 * @param id the answer's id
 * @param created seconds since 1970
 * @param model the served model's id
 * @param prompts token ids of each prompt
 * @param n choices of each prompt
 * @param generation what the engine is asked; its sequence {@code prompt × n + i} is the choice of
 *     that index
 * @param stream whether the answer is streamed
 * @param includeUsage whether the stream ends with the usage
 * @param returnTokenIds whether choices have their token ids
 */
record ValidCompletion(
    String id,
    long created,
    String model,
    List<int[]> prompts,
    int n,
    Generation generation,
    boolean stream,
    boolean includeUsage,
    boolean returnTokenIds) {}
