package io.github.gpt2server.serving;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * The model that is served: its engine, its tokenizer and the facts that clients ask for.
 *
 * @param id what clients call it
 * @param aliases other names that are accepted
 * @param revision the hub's commit that it was loaded from, or null if it is not from a hub
 * @param endTokens the ids that end a text unless a request ignores them
 * @param contextLength how many tokens prompt and output may have together ({@code n_positions})
 * @param vocabSize how many token ids there are
 * @param width the length of a hidden vector ({@code n_embd})
 * @param layers how many blocks the model has ({@code n_layer})
 * @param heads how many attention heads each block has
 * @param parameters how many numbers the weights have
 * @param dtype the type of the weights in memory, such as {@code float32}
 * @param device where the model runs, such as {@code cpu} or {@code cuda:0}
 * @param kernels the operators that compute a step, such as {@code onednn}
 * @param arithmeticError the largest error that the check of these operators saw before the model
 *     was served, relative to the largest magnitude of the result
 * @param created when it was loaded
 */
public record ServedModel(
    Engine engine,
    Gpt2Tokenizer tokenizer,
    String id,
    List<String> aliases,
    String revision,
    Set<Integer> endTokens,
    int contextLength,
    int vocabSize,
    int width,
    int layers,
    int heads,
    long parameters,
    String dtype,
    String device,
    String kernels,
    double arithmeticError,
    Instant created) {}
