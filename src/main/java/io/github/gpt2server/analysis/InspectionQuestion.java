package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.ModelTask;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;

/**
 * The internals of the model to report for one text. Layers and heads count from 0.
 *
 * @param tokens the text, from one token up to the context length
 * @param position position whose next token, attribution and ablation are reported
 * @param topK number of likeliest tokens to report, wherever any are
 * @param layers blocks to report, ascending
 * @param heads heads of each block to report, ascending
 * @param attention whether to report attention weights
 * @param logitLens whether to unembed each block's output (logit lens)
 * @param residualNorm whether to report the norms of the residual stream's vectors
 * @param targets token ids to report more about
 * @param attribution whether to attribute the targets' logits to the model's components
 * @param ablated heads to ablate together, by block; empty for none
 * @param ablateEach whether to ablate each of the reported heads by itself
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

  /** The number of values of the answer, known before the computation. */
  public InspectionSize size(int modelLayers, int modelHeads) {
    return InspectionSize.of(this, modelLayers, modelHeads);
  }

  /**
   * The request for the engine.
   *
   * @param id the request's name in logs
   * @param timeout longest time from submission to the end
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

  /** The model's task, with its result as an answer. */
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
