package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionQuestion;
import io.github.gpt2server.analysis.InspectionSize;
import io.github.gpt2server.api.insight.token.TargetReader;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ContextCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Turns an {@link InspectRequest} into an {@link InspectSpec}, or refuses it. */
final class InspectValidator {
  private static final int DEFAULT_TOP_K = 5;

  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader reader;

  InspectValidator(ServedModel model, ApiLimits limits) {
    this.model = model;
    this.limits = limits;
    this.reader = new PromptReader(model);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  InspectSpec validate(InspectRequest request) {
    ModelCheck.check(request.model(), model);
    PromptTokens prompt = prompt(request.prompt(), request.tokens());
    int[] tokens = prompt.ids();
    int position =
        Bounds.integer("position", request.position(), -1, -tokens.length, tokens.length - 1);
    int maxTopK = limits.maxLogprobs(model.vocabSize());
    int topK =
        Bounds.integer("top_k", request.topK(), Math.min(DEFAULT_TOP_K, maxTopK), 0, maxTopK);
    int[] targets = new TargetReader(model, reader).read(request.targets());
    boolean attribution = isTrue(request.attribution());
    boolean ablateEach = isEach(request.ablate());
    if (targets.length == 0 && attribution) {
      throw ApiException.invalid(
          "targets",
          "attribution requires targets, whose logits it explains; send targets, or remove"
              + " attribution.");
    }
    if (targets.length == 0 && ablateEach) {
      throw ApiException.invalid(
          "targets",
          "ablate \"each\" requires targets, whose log-probabilities it compares; send targets, or"
              + " remove ablate.");
    }
    InspectionQuestion question =
        new InspectionQuestion(
            tokens,
            position < 0 ? tokens.length + position : position,
            topK,
            selection("layers", "layer", request.layers(), model.layers()),
            selection("heads", "head", request.heads(), model.heads()),
            isTrue(request.attention()),
            isTrue(request.logitLens()),
            isTrue(request.residualNorm()),
            targets,
            attribution,
            ablateEach ? Collections.emptySortedMap() : ablated(request.ablate()),
            ablateEach);
    requireFewValues(question);
    return new InspectSpec(prompt, question);
  }

  private PromptTokens prompt(String text, int[] tokens) {
    if (text != null && tokens != null) {
      throw ApiException.invalid(
          "tokens", "prompt and tokens exclude each other; remove one of them.");
    }
    if (text == null && tokens == null) {
      throw ApiException.invalid("prompt", "prompt and tokens are missing; send one of them.");
    }
    PromptTokens prompt =
        text != null
            ? reader.prompt("prompt", text, true)
            : reader.prompt("tokens", reader.tokens("tokens", tokens));
    ContextCheck.check(model.contextLength(), prompt.ids().length, 0);
    return prompt;
  }

  /** The requested layers or heads, ascending; all if absent. */
  private static List<Integer> selection(
      String field, String noun, List<Integer> requested, int count) {
    if (requested == null) {
      return IntStream.range(0, count).boxed().toList();
    }
    if (requested.isEmpty()) {
      throw ApiException.invalid(
          field,
          "%s is empty; send at least one %s, or remove %s to report all."
              .formatted(field, noun, field));
    }
    List<Integer> selected = new ArrayList<>();
    for (int i = 0; i < requested.size(); i++) {
      String place = field + "[" + i + "]";
      int number = inModel(field, place, noun, requested.get(i), count);
      if (selected.contains(number)) {
        throw duplicate(field, place, noun + " " + number);
      }
      selected.add(number);
    }
    Collections.sort(selected);
    return List.copyOf(selected);
  }

  private static boolean isEach(JsonNode ablate) {
    return ablate != null && ablate.isString() && ablate.stringValue().equals(InspectSpec.EACH);
  }

  /** The heads to ablate together, by their layers. */
  private SortedMap<Integer, List<Integer>> ablated(JsonNode ablate) {
    SortedMap<Integer, List<Integer>> heads = new TreeMap<>();
    if (ablate == null) {
      return heads;
    }
    if (!ablate.isArray() || ablate.isEmpty()) {
      throw ApiException.invalid(
          "ablate",
          "ablate must be \"each\" or an array of one or more heads such as {\"layer\": 0, \"head\":"
              + " 1}, but is "
              + Excerpt.of(ablate.toString())
              + ".");
    }
    for (int i = 0; i < ablate.size(); i++) {
      String place = "ablate[" + i + "]";
      int layer =
          inModel("ablate", place + ".layer", "layer", number(ablate, i, "layer"), model.layers());
      int head =
          inModel("ablate", place + ".head", "head", number(ablate, i, "head"), model.heads());
      List<Integer> inLayer = heads.computeIfAbsent(layer, any -> new ArrayList<>());
      if (inLayer.contains(head)) {
        throw duplicate("ablate", place, "head " + layer + "." + head);
      }
      inLayer.add(head);
    }
    heads.values().forEach(Collections::sort);
    return heads;
  }

  private static int number(JsonNode heads, int index, String field) {
    JsonNode item = heads.get(index);
    JsonNode number = item.get(field);
    if (number == null || !number.isNumber() || !number.canConvertToExactIntegral()) {
      throw ApiException.invalid(
          "ablate",
          "ablate["
              + index
              + "] must be a head with two integers, such as {\"layer\": 0, \"head\": 1}, but is "
              + Excerpt.of(item.toString())
              + ".");
    }
    return number.canConvertToInt() ? number.intValue() : Integer.MAX_VALUE;
  }

  private static int inModel(String field, String place, String noun, Integer number, int count) {
    if (number == null || number < 0 || number >= count) {
      throw ApiException.invalid(
          field,
          "%s must be between 0 and %d, the last %s of this model, but is %s."
              .formatted(place, count - 1, noun, number));
    }
    return number;
  }

  private static ApiException duplicate(String field, String place, String item) {
    return ApiException.invalid(field, place + " repeats " + item + "; remove the duplicate.");
  }

  /** Refuses a response that is too large, naming the field that contributes most to it. */
  private void requireFewValues(InspectionQuestion question) {
    InspectionSize size = question.size(model.layers(), model.heads());
    if (size.total() <= limits.maxInspectValues()) {
      RequestMemory.current().add(MemoryUse.ANSWERS, size.total() * Float.BYTES);
      return;
    }
    long[] parts = {
      size.attention(),
      size.logitLens(),
      size.residualNorm(),
      size.ablateEach(),
      size.attribution(),
      size.next()
    };
    String[] fields = {
      "attention", "logit_lens", "residual_norm", "ablate", "attribution", "top_k"
    };
    String[] remedies = {
      "select fewer layers or heads, or shorten the prompt",
      "lower top_k, select fewer layers, or shorten the prompt",
      "select fewer layers, or shorten the prompt",
      "send fewer targets, or select fewer layers or heads",
      "send fewer targets",
      "lower top_k, or send fewer targets"
    };
    int largest =
        IntStream.range(0, parts.length).reduce((a, b) -> parts[a] >= parts[b] ? a : b).getAsInt();
    throw ApiException.invalid(
        fields[largest],
        "The response would contain %d numbers, %d of them for %s, but the limit is %d (gpt2.max-inspect-values); %s."
            .formatted(
                size.total(),
                parts[largest],
                fields[largest],
                limits.maxInspectValues(),
                remedies[largest]));
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
