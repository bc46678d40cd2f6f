package io.github.gpt2server.api.openai;

import io.github.gpt2server.engine.TokenLogprobs;
import io.github.gpt2server.engine.TopTokens;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.BitSet;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

/**
 * The likeliest tokens at a place, likeliest first, those asked for by id and the one that stands
 * there, as a JSON object of names and log-probabilities. It is written from the engine's arrays: a
 * map of a whole vocabulary for every token would cost more than the model's step.
 *
 * @param tokenizer names the tokens
 * @param token the one that stands there
 * @param logprobs what the engine reported
 * @param tokenIds those asked for by id
 */
@Schema(type = "object", additionalPropertiesSchema = Float.class)
@JsonSerialize(using = TopLogprobs.Writer.class)
record TopLogprobs(Gpt2Tokenizer tokenizer, int token, TokenLogprobs logprobs, int[] tokenIds) {

  /** Writes each token once. */
  static final class Writer extends ValueSerializer<TopLogprobs> {
    @Override
    public void serialize(TopLogprobs value, JsonGenerator out, SerializationContext context) {
      out.writeStartObject(value);
      BitSet written = new BitSet();
      TopTokens top = value.logprobs.top();
      if (top != null) {
        int[] tokens = top.tokens();
        float[] logprobs = top.logprobs();
        for (int i = 0; i < tokens.length; i++) {
          write(value, tokens[i], logprobs[i], written, out);
        }
      }
      for (int i = 0; i < value.tokenIds.length; i++) {
        write(value, value.tokenIds[i], value.logprobs.others()[i], written, out);
      }
      write(value, value.token, value.logprobs.logprob(), written, out);
      out.writeEndObject();
    }

    private static void write(
        TopLogprobs value, int token, float logprob, BitSet written, JsonGenerator out) {
      if (!written.get(token)) {
        written.set(token);
        out.writeName(value.tokenizer.token(token));
        out.writeNumber(logprob);
      }
    }
  }
}
