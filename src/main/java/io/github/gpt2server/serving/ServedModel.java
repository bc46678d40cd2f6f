package io.github.gpt2server.serving;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * The served model: its engine, its tokenizer and the facts about it that clients can query.
 *
 * @param engine runs the model
 * @param tokenizer the model's tokenizer
 * @param id the name that clients use
 * @param aliases other names that clients may use
 * @param revision the hub commit that it was loaded from, or null if it is not from a hub
 * @param endTokens the ids that end a text unless a request ignores them
 * @param contextLength largest number of tokens of prompt and output together ({@code n_positions})
 * @param vocabSize number of token ids ({@code vocab_size})
 * @param width length of a hidden vector ({@code n_embd})
 * @param layers number of transformer blocks ({@code n_layer})
 * @param heads number of attention heads of each block ({@code n_head})
 * @param parameters number of parameters
 * @param dtype the type of the weights in memory, such as {@code float32}
 * @param device where the model runs, such as {@code cpu} or {@code cuda:0}
 * @param kernels the operators that compute a step, such as {@code avx512vnni}
 * @param arithmeticError largest error found by the start-up check of these operators, relative to
 *     the largest magnitude of the result
 * @param chat the way in which chats become prompts
 * @param created time of loading
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
    ChatSupport chat,
    Instant created) {}
