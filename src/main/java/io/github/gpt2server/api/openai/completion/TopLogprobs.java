package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.web.json.NonFiniteNumberException;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Arrays;
import java.util.BitSet;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.NumberOutput;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

/**
 * The most likely tokens at a position, those requested by id and the token of the text itself, as
 * a JSON object of names and log-probabilities. It is written from the engine's arrays, byte by
 * byte: a map of a whole vocabulary for every token would cost more than the model's step.
 *
 * @param keys names of the tokens
 * @param token the token of the text at this position
 * @param logprobs the engine's report for this position
 * @param tokenIds tokens requested by id
 */
@Schema(
    name = "TopLogprobs",
    description =
        "Maps the text of each token, or bytes:\\xe2\\x80 if it is not valid UTF-8, to its"
            + " log-probability.",
    type = "object",
    additionalPropertiesSchema = Float.class)
@JsonSerialize(using = TopLogprobs.Writer.class)
record TopLogprobs(
    @Schema(hidden = true) TokenKeys keys,
    @Schema(hidden = true) int token,
    @Schema(hidden = true) TokenLogprobs logprobs,
    @Schema(hidden = true) int[] tokenIds) {

  static final class Writer extends ValueSerializer<TopLogprobs> {
    @Override
    public void serialize(TopLogprobs value, JsonGenerator out, SerializationContext context) {
      out.writeRawValue(new RawJson(value.json(out)));
    }
  }

  /** The same tokens in the same order as arrays. */
  PackedTokens packed() {
    int[] ids = new int[most()];
    float[] values = new float[ids.length];
    int[] count = {0};
    forEachOnce(
        (id, value) -> {
          ids[count[0]] = id;
          values[count[0]++] = value;
        });
    return PackedTokens.of(Arrays.copyOf(ids, count[0]), Arrays.copyOf(values, count[0]));
  }

  private byte[] json(JsonGenerator out) {
    Builder json = new Builder(keys, most(), out);
    forEachOnce(json::add);
    return json.end();
  }

  /** The largest number of tokens that there can be. */
  private int most() {
    TopTokens top = logprobs.top();
    return (top == null ? 0 : top.count()) + tokenIds.length + 1;
  }

  private void forEachOnce(TopTokens.Visitor visitor) {
    BitSet visited = new BitSet();
    TopTokens.Visitor once =
        (id, value) -> {
          if (!visited.get(id)) {
            visited.set(id);
            visitor.take(id, value);
          }
        };
    if (logprobs.top() != null) {
      logprobs.top().forEach(once);
    }
    for (int i = 0; i < tokenIds.length; i++) {
      once.take(tokenIds[i], logprobs.others()[i]);
    }
    once.take(token, logprobs.logprob());
  }

  private static final class Builder {
    private static final int USUAL_BYTES = 24;

    private final TokenKeys keys;
    private final JsonGenerator out;
    private byte[] bytes;
    private int size;

    Builder(TokenKeys keys, int count, JsonGenerator out) {
      this.keys = keys;
      this.out = out;
      this.bytes = new byte[2 + count * USUAL_BYTES];
      bytes[size++] = '{';
    }

    void add(int token, float logprob) {
      if (!Float.isFinite(logprob)) {
        throw new NonFiniteNumberException(out);
      }
      String number = NumberOutput.toString(logprob, true);
      // A comma, and the bracket at the end.
      int needed = size + keys.length(token) + number.length() + 2;
      if (needed > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * needed);
      }
      if (size > 1) {
        bytes[size++] = ',';
      }
      keys.copy(token, bytes, size);
      size += keys.length(token);
      for (int i = 0; i < number.length(); i++) {
        bytes[size++] = (byte) number.charAt(i);
      }
    }

    byte[] end() {
      bytes[size++] = '}';
      return Arrays.copyOf(bytes, size);
    }
  }
}
