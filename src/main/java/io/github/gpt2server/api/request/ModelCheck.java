package io.github.gpt2server.api.request;

import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.Optional;
import java.util.Set;

/** Checks that the model that a request names is the served one. */
public final class ModelCheck {

  /** The prefixes that clients of many providers put before a model's name. */
  private static final Set<String> PROVIDERS =
      Set.of(
          "openai",
          "text-completion-openai",
          "custom_openai",
          "openai_like",
          "openai-compatible",
          "azure",
          "azure_text",
          "huggingface",
          "hosted_vllm",
          "vllm",
          "litellm_proxy",
          "llamafile",
          "lm_studio");

  private ModelCheck() {}

  /**
   * Checks the model that a request names; none means the served one.
   *
   * @throws ApiException 404, if it names another
   */
  public static void check(String asked, ServedModel model) {
    if (asked != null) {
      nameOf(asked, model);
    }
  }

  /**
   * The listed name that is meant: the served id, or an alias. Meant is the id by its last part
   * too, and by a blank or an address, which stand for whatever is served there; letter case and
   * the prefixes of providers ({@code openai/gpt2}) do not count.
   *
   * @throws ApiException 404, if none is
   */
  public static String nameOf(String asked, ServedModel model) {
    String name = asked.strip();
    if (name.isEmpty() || isAddress(name)) {
      return model.id();
    }
    Optional<String> listed = listed(name, model);
    for (int end = name.indexOf('/'); listed.isEmpty() && end > 0; end = name.indexOf('/')) {
      if (PROVIDERS.stream().noneMatch(name.substring(0, end)::equalsIgnoreCase)) {
        break;
      }
      name = name.substring(end + 1);
      listed = listed(name, model);
    }
    return listed.orElseThrow(() -> ApiException.modelNotFound(asked, model.id()));
  }

  private static Optional<String> listed(String name, ServedModel model) {
    String id = model.id();
    if (name.equalsIgnoreCase(id) || name.equalsIgnoreCase(id.substring(id.lastIndexOf('/') + 1))) {
      return Optional.of(id);
    }
    return model.aliases().stream().filter(name::equalsIgnoreCase).findFirst();
  }

  /** Hugging Face's clients send the address of the endpoint itself. */
  private static boolean isAddress(String name) {
    return name.regionMatches(true, 0, "http://", 0, 7)
        || name.regionMatches(true, 0, "https://", 0, 8);
  }
}
