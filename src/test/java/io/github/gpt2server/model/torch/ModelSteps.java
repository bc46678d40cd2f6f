package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** Steps of a model that reads prompts, and the logits that they give. */
final class ModelSteps {
  private ModelSteps() {}

  /** The logits after a prompt's last token, the prompt read in chunks of {@code size} tokens. */
  static float[] prefill(Gpt2Model model, int slot, int[] tokens, int size) {
    float[] last = null;
    for (int start = 0; start < tokens.length; start += size) {
      Chunk chunk = chunk(slot, tokens, start, Math.min(tokens.length, start + size));
      try (StepResult result = model.step(new StepPlan(List.of(), List.of(chunk)))) {
        if (chunk.logitRows() > 0) {
          last = row(result, 0);
        }
      }
    }
    return last;
  }

  /** A chunk of a prompt, asking for the logits after the prompt's last token alone. */
  static Chunk chunk(int slot, int[] tokens, int start, int end) {
    int[] chunk = Arrays.copyOfRange(tokens, start, end);
    return new Chunk(slot, start, chunk, end == tokens.length ? chunk.length - 1 : chunk.length);
  }

  /** A copy of a row of logits, {@code [vocab]}. */
  static float[] row(StepResult result, int row) {
    FloatBuffer logits = result.logits(row);
    float[] copy = new float[logits.limit()];
    logits.get(copy);
    return copy;
  }
}
