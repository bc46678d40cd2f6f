package io.github.gpt2server;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings under {@code gpt2.*}, typed and checked. Read where the parts are wired together and
 * nowhere deeper.
 *
 * @param model {@code embedded} or a folder in Hugging Face layout
 * @param revision the hub's branch, tag or commit
 * @param aliases other names under which clients may ask for the model
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype {@code auto}, {@code float32}, {@code bfloat16} or {@code float16}
 * @param threads how many threads libtorch uses; 0 lets the server choose
 * @param maxSequences how many sequences run at once; each has a KV-cache slot
 * @param maxQueue how many requests may wait
 * @param requestTimeout how long a request may take, waiting included
 * @param maxLogprobs how many log-probabilities a position may report; 0 stands for the whole
 *     vocabulary
 * @param strictFields whether unknown fields of a request are refused
 * @param apiKeys who may call; empty lets everybody
 * @param corsOrigins web origins that may call from a browser
 * @param shutdownGrace how long running requests may go on after SIGTERM
 */
@ConfigurationProperties("gpt2")
public record Gpt2Properties(
    @DefaultValue("embedded") String model,
    @DefaultValue("main") String revision,
    @DefaultValue List<String> aliases,
    @DefaultValue("auto") String device,
    @DefaultValue("auto") String dtype,
    @DefaultValue("0") int threads,
    @DefaultValue("32") int maxSequences,
    @DefaultValue("256") int maxQueue,
    @DefaultValue("5m") Duration requestTimeout,
    @DefaultValue("0") int maxLogprobs,
    @DefaultValue("false") boolean strictFields,
    @DefaultValue List<String> apiKeys,
    @DefaultValue List<String> corsOrigins,
    @DefaultValue("30s") Duration shutdownGrace) {}
