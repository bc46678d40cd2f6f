package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.ModelTask;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;

/**
 * What somebody wants to know of the inside of the model while it reads one text. Layers and heads
 * count from 0.
 *
 * @param tokens the text, from one token up to the context length
 * @param position the token after which next token, attribution and ablation are asked for
 * @param topK how many of the likeliest tokens are reported, wherever some are
 * @param layers the blocks that are reported, ascending
 * @param heads the heads of each block that are reported, ascending
 * @param attention whether attention weights are reported
 * @param logitLens whether each block's output is unembedded
 * @param residualNorm whether the lengths of the residual stream's vectors are reported
 * @param targets token ids of which more is reported
 * @param attribution whether the targets' logits are taken apart
 * @param ablated the heads, by their blocks, without which the text is read once more; empty for
 *     none
 * @param ablateEach whether the text is read once more without each single one of the reported
 *     heads
 */
public record InspectionQuestion(
    int[] tokens,
    int position,
    int topK,
    List<Integer> layers,
    List<Integer> heads,
    boolean attention,
    boolean logitLens,
    boolean residualNorm,
    int[] targets,
    boolean attribution,
    SortedMap<Integer, List<Integer>> ablated,
    boolean ablateEach) {

  /** How many numbers the answer holds, known before anything is computed. */
  public InspectionSize size(int modelLayers, int modelHeads) {
    return InspectionSize.of(this, modelLayers, modelHeads);
  }

  /**
   * The question as the engine takes it.
   *
   * @param id names the request in logs
   * @param timeout counted from submission
   */
  public TaskRequest<InspectionAnswer> task(String id, Duration timeout) {
    Inspection inspection =
        new Inspection(
            tokens,
            position,
            layers,
            heads,
            residualNorm,
            logitLens ? topK : -1,
            attention,
            targets,
            attribution,
            ablated,
            ablateEach);
    return new TaskRequest<>(
        id, List.of(tokens), model -> new Work(this, model.inspect(inspection)), timeout);
  }

  /** The model's work; its numbers become an answer when they are read, on the reader's thread. */
  private record Work(InspectionQuestion question, ModelTask<InspectionResult> work)
      implements ModelTask<InspectionAnswer> {
    @Override
    public boolean advance() {
      return work.advance();
    }

    @Override
    public InspectionAnswer result() {
      return new InspectionAnswer(question, work.result());
    }

    @Override
    public void close() {
      work.close();
    }
  }
}
