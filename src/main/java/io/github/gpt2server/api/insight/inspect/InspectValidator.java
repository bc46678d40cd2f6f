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

/** Turns a request to look inside the model into a valid question. */
final class InspectValidator {

  /** What {@code ablate} is called when every head is ablated by itself. */
  static final String EACH = "each";

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
   * Checks a request.
   *
   * @throws ApiException 400 or 404, if it cannot be answered
   */
  ValidInspection validate(InspectRequest request) {
    ModelCheck.check(request.model(), model);
    PromptTokens prompt = prompt(request);
    int[] tokens = prompt.ids();
    int position =
        Bounds.integer("position", request.position(), -1, -tokens.length, tokens.length - 1);
    int most = limits.maxLogprobs(model.vocabSize());
    int topK = Bounds.integer("top_k", request.topK(), Math.min(DEFAULT_TOP_K, most), 0, most);
    int[] targets = new TargetReader(model, reader).read(request.targets());
    boolean attribution = given(request.attribution());
    boolean ablateEach = isEach(request.ablate());
    if (targets.length == 0 && attribution) {
      throw ApiException.invalid(
          "targets", "attribution takes the logits of targets apart: give targets.");
    }
    if (targets.length == 0 && ablateEach) {
      throw ApiException.invalid(
          "targets",
          "ablate \"each\" tells how the log-probabilities of targets change: give targets.");
    }
    InspectionQuestion question =
        new InspectionQuestion(
            tokens,
            position < 0 ? tokens.length + position : position,
            topK,
            selection("layers", "layer", request.layers(), model.layers()),
            selection("heads", "head", request.heads(), model.heads()),
            given(request.attention()),
            given(request.logitLens()),
            given(request.residualNorm()),
            targets,
            attribution,
            ablateEach ? Collections.emptySortedMap() : ablated(request.ablate()),
            ablateEach);
    checkSize(question);
    return new ValidInspection(prompt, question);
  }

  private PromptTokens prompt(InspectRequest request) {
    if (request.prompt() != null && request.tokens() != null) {
      throw ApiException.invalid("tokens", "Give prompt or tokens, not both.");
    }
    if (request.prompt() == null && request.tokens() == null) {
      throw ApiException.invalid("prompt", "prompt or tokens must be given.");
    }
    PromptTokens prompt =
        request.prompt() != null
            ? reader.prompt("prompt", request.prompt(), true)
            : reader.prompt("tokens", reader.tokens("tokens", request.tokens()));
    ContextCheck.check(model.contextLength(), prompt.ids().length, 0);
    return prompt;
  }

  /** The layers or heads that are named, ascending; all if none are. */
  private static List<Integer> selection(
      String field, String noun, List<Integer> named, int count) {
    if (named == null) {
      return IntStream.range(0, count).boxed().toList();
    }
    if (named.isEmpty()) {
      throw ApiException.invalid(
          field,
          field + " is empty; name at least one " + noun + ", or leave it out for all of them.");
    }
    List<Integer> selected = new ArrayList<>();
    for (int i = 0; i < named.size(); i++) {
      String place = field + "[" + i + "]";
      int number = inModel(field, place, noun, named.get(i), count);
      if (selected.contains(number)) {
        throw twice(field, place, noun + " " + number);
      }
      selected.add(number);
    }
    Collections.sort(selected);
    return List.copyOf(selected);
  }

  private static boolean isEach(JsonNode ablate) {
    return ablate != null && ablate.isString() && ablate.stringValue().equals(EACH);
  }

  /** The heads that are named, by their layers. */
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
        throw twice("ablate", place, "head " + layer + "." + head);
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
              + "] must name a head by two integers such as {\"layer\": 0, \"head\": 1}, but is "
              + Excerpt.of(item.toString())
              + ".");
    }
    return number.canConvertToInt() ? number.intValue() : Integer.MAX_VALUE;
  }

  private static int inModel(String field, String place, String noun, Integer number, int count) {
    if (number == null || number < 0 || number >= count) {
      throw ApiException.invalid(
          field,
          "%s is %s, but this model's %ss are 0 to %d.".formatted(place, number, noun, count - 1));
    }
    return number;
  }

  private static ApiException twice(String field, String place, String what) {
    return ApiException.invalid(field, place + " names " + what + " again; name each once.");
  }

  private void checkSize(InspectionQuestion question) {
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
      "name fewer layers or heads, or shorten the prompt",
      "lower top_k, name fewer layers or shorten the prompt",
      "name fewer layers or shorten the prompt",
      "name fewer targets, layers or heads",
      "name fewer targets",
      "lower top_k or name fewer targets"
    };
    int largest =
        IntStream.range(0, parts.length).reduce((a, b) -> parts[a] >= parts[b] ? a : b).getAsInt();
    throw ApiException.invalid(
        fields[largest],
        "The answer would hold %d numbers, %d of them for %s, but this server allows %d (gpt2.max-inspect-values): %s."
            .formatted(
                size.total(),
                parts[largest],
                fields[largest],
                limits.maxInspectValues(),
                remedies[largest]));
  }

  private static boolean given(Boolean flag) {
    return flag != null && flag;
  }
}
