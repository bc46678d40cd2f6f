package io.github.gpt2server.model;

import java.util.List;
import java.util.SortedMap;

/**
 * The internals of the model to report while it reads one text. Layers and heads count from 0.
 *
 * @param tokens the text, from one token up to the context length
 * @param position the token after which the logits are looked at
 * @param layers the blocks that are reported, ascending
 * @param heads the heads of each block that are reported, ascending
 * @param residualNorms whether the lengths of the residual stream's vectors are
 * @param logitLens how many of the likeliest tokens the logit lens reports at each position; -1 for
 *     no lens
 * @param attention whether attention weights are
 * @param targets token ids that attribution and {@code ablateEach} tell of
 * @param attribution whether the targets' logits are taken apart into what each component adds
 * @param ablated the heads, by their blocks, whose outputs are zero in a second pass; empty for no
 *     such pass
 * @param ablateEach whether each of the reported heads is ablated in a pass of its own
 */
public record Inspection(
    int[] tokens,
    int position,
    List<Integer> layers,
    List<Integer> heads,
    boolean residualNorms,
    int logitLens,
    boolean attention,
    int[] targets,
    boolean attribution,
    SortedMap<Integer, List<Integer>> ablated,
    boolean ablateEach) {}
