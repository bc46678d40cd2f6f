package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionAnswer;
import io.github.gpt2server.analysis.InspectionQuestion;
import io.github.gpt2server.analysis.LogitParts;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Builds the response from the engine's report. */
final class InspectResponseBuilder {
  private final ServedModel model;
  private final Gpt2Tokenizer tokenizer;
  private final PromptTokens prompt;
  private final InspectionQuestion question;
  private final InspectionAnswer answer;

  InspectResponseBuilder(ServedModel model, InspectSpec spec, InspectionAnswer answer) {
    this.model = model;
    this.tokenizer = model.tokenizer();
    this.prompt = spec.prompt();
    this.question = spec.question();
    this.answer = answer;
  }

  /** The response's body. */
  InspectResponse response() {
    boolean stream = question.residualNorm() || question.logitLens();
    return new InspectResponse(
        model.id(),
        tokens(),
        next(),
        stream ? new InspectResponse.Embedding(norms(0), lens(0)) : null,
        stream || question.attention() ? each(question.layers(), this::layer) : null,
        question.attribution() ? targets(this::attribution) : null,
        ablation());
  }

  private List<InspectResponse.Token> tokens() {
    int[] ids = prompt.ids();
    int[] offsets = prompt.offsets();
    return list(
        ids.length,
        i ->
            new InspectResponse.Token(
                ids[i],
                tokenizer.token(ids[i]),
                TokenBytes.unsigned(tokenizer.bytes(ids[i])),
                offsets[i]));
  }

  private InspectResponse.Next next() {
    TokenDistribution next = answer.next();
    return new InspectResponse.Next(
        next.entropyBits(),
        top(next),
        targets(
            i -> {
              int id = question.targets()[i];
              return new InspectResponse.Target(
                  id,
                  tokenizer.token(id),
                  answer.logit(i),
                  next.logprob(id),
                  next.probability(id),
                  next.rank(id));
            }));
  }

  private List<NextToken> top(TokenDistribution distribution) {
    return NextToken.likeliest(distribution, question.topK(), tokenizer);
  }

  private InspectResponse.Layer layer(int index) {
    return new InspectResponse.Layer(
        question.layers().get(index),
        norms(index + 1),
        lens(index + 1),
        question.attention()
            ? each(
                question.heads(),
                head ->
                    new InspectResponse.Attention(
                        question.heads().get(head), answer.attention(index, head)))
            : null);
  }

  private float[] norms(int place) {
    return question.residualNorm() ? answer.residualNorms(place) : null;
  }

  private List<List<InspectResponse.LensToken>> lens(int place) {
    return question.logitLens()
        ? list(question.tokens().length, position -> lens(place, position))
        : null;
  }

  private List<InspectResponse.LensToken> lens(int place, int position) {
    int[] ids = answer.lensTokens(place, position);
    float[] logprobs = answer.lensLogprobs(place, position);
    return list(
        ids.length,
        i ->
            new InspectResponse.LensToken(
                ids[i], tokenizer.token(ids[i]), StrictMath.exp(logprobs[i]), logprobs[i]));
  }

  private InspectResponse.Attribution attribution(int target) {
    int id = question.targets()[target];
    LogitParts parts = answer.attribution(target);
    return new InspectResponse.Attribution(
        id,
        tokenizer.token(id),
        parts.logit(),
        parts.embedding(),
        each(
            parts.layers(),
            layer -> {
              LogitParts.LayerParts added = parts.layers().get(layer);
              return new InspectResponse.AttributionLayer(
                  layer, added.heads(), added.attentionBias(), added.mlp());
            }),
        parts.finalBias());
  }

  private InspectResponse.Ablation ablation() {
    if (question.ablateEach()) {
      return new InspectResponse.Ablation(
          InspectSpec.EACH, null, null, each(question.layers(), this::ablatedLayer));
    }
    if (question.ablated().isEmpty()) {
      return null;
    }
    List<InspectResponse.Head> heads = new ArrayList<>();
    question
        .ablated()
        .forEach(
            (layer, inLayer) ->
                inLayer.forEach(head -> heads.add(new InspectResponse.Head(layer, head))));
    return new InspectResponse.Ablation(
        heads,
        top(answer.ablated()),
        targets(
            i -> {
              int id = question.targets()[i];
              return new InspectResponse.AblatedTarget(
                  id, tokenizer.token(id), answer.ablated().logprob(id), answer.logprobChange(i));
            }),
        null);
  }

  private InspectResponse.AblatedLayer ablatedLayer(int layer) {
    return new InspectResponse.AblatedLayer(
        question.layers().get(layer),
        each(
            question.heads(),
            head ->
                new InspectResponse.AblatedHead(
                    question.heads().get(head),
                    targets(
                        target ->
                            new InspectResponse.Change(
                                answer.logprobChange(target, layer, head))))));
  }

  /** One item for each target; null if there are no targets. */
  private <T> List<T> targets(IntFunction<T> of) {
    int count = question.targets().length;
    return count == 0 ? null : list(count, of);
  }

  private static <T> List<T> each(List<?> items, IntFunction<T> of) {
    return list(items.size(), of);
  }

  private static <T> List<T> list(int count, IntFunction<T> of) {
    return ComputedList.of(count, of);
  }
}
