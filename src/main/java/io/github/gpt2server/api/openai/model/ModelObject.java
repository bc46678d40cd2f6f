package io.github.gpt2server.api.openai.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** A model, in OpenAI's format with extensions. */
@Schema(name = "Model")
public record ModelObject(
    @Schema(example = "gpt2-fairytales") @JsonProperty("id") String id,
    @Schema(example = "model") @JsonProperty("object") String object,
    @Schema(description = "When the model was loaded, in seconds since 1970.")
        @JsonProperty("created")
        long created,
    @JsonProperty("owned_by") String ownedBy,
    @Schema(
            description = "The id of the served model, of which an alias is another name.",
            example = "gpt2-fairytales")
        @JsonProperty("root")
        String root,
    @Schema(
            description = "Maximum number of tokens of prompt and output together.",
            example = "512")
        @JsonProperty("max_model_len")
        int maxModelLen,
    @Schema(example = "4096") @JsonProperty("vocab_size") int vocabSize,
    @Schema(description = "Number of parameters (weights).") @JsonProperty("parameters")
        long parameters,
    @Schema(description = "Number of transformer blocks.", example = "4") @JsonProperty("n_layer")
        int layers,
    @Schema(description = "Number of attention heads of each block.", example = "5")
        @JsonProperty("n_head")
        int heads,
    @Schema(description = "Length of a hidden vector, and of an embedding.", example = "320")
        @JsonProperty("n_embd")
        int width,
    @Schema(
            description = "The tokens that end a text unless ignore_eos is set.",
            example = "[4095]")
        @JsonProperty("eos_token_ids")
        List<Integer> endTokens,
    @Schema(example = "float32") @JsonProperty("dtype") String dtype,
    @Schema(example = "cpu") @JsonProperty("device") String device,
    @Schema(description = "The operators that compute a step of the model.", example = "avx512vnni")
        @JsonProperty("kernels")
        String kernels,
    @Schema(
            description =
                "The largest error of these operators in the check at start-up, relative to the"
                    + " largest magnitude of the result.",
            example = "7.7e-7")
        @JsonProperty("arithmetic_check")
        double arithmeticCheck,
    @Schema(description = "Whether POST /v1/chat/completions has a chat template for this model.")
        @JsonProperty("chat")
        boolean chat,
    @Schema(
            description = "The commit of the model hub, or null if the model is not from a hub.",
            nullable = true)
        @JsonProperty("revision")
        String revision,
    @JsonProperty("generation_defaults") GenerationDefaults generationDefaults,
    @JsonProperty("limits") Limits limits,
    @Schema(description = "The version of this server.", example = "1.0.0")
        @JsonProperty("server_version")
        String serverVersion) {

  /** What a completion or a chat does where the request does not say. */
  @Schema(name = "GenerationDefaults")
  public record GenerationDefaults(
      @JsonProperty("max_tokens") int maxTokens,
      @JsonProperty("n") int n,
      @JsonProperty("temperature") double temperature,
      @JsonProperty("top_p") double topP,
      @JsonProperty("top_k") int topK,
      @JsonProperty("min_p") double minP,
      @JsonProperty("typical_p") double typicalP,
      @JsonProperty("repetition_penalty") double repetitionPenalty,
      @JsonProperty("presence_penalty") double presencePenalty,
      @JsonProperty("frequency_penalty") double frequencyPenalty) {

    static GenerationDefaults of(int maxTokens) {
      SamplingParameters none = SamplingParameters.DEFAULT;
      return new GenerationDefaults(
          maxTokens,
          1,
          none.temperature(),
          none.topP(),
          none.topK(),
          none.minP(),
          none.typicalP(),
          none.repetitionPenalty().penalty(),
          none.presencePenalty(),
          none.frequencyPenalty());
    }
  }

  /** The most that one request may ask for. */
  @Schema(name = "ModelLimits")
  public record Limits(
      @Schema(
              description =
                  "Sequences of a request, prompts times choices; they run as slots become free.",
              example = "128")
          @JsonProperty("max_sequences")
          int maxSequences,
      @Schema(description = "Log-probabilities at one position.", example = "4096")
          @JsonProperty("max_logprobs")
          int maxLogprobs,
      @Schema(description = "Numbers in the answer of an inspection.", example = "5000000")
          @JsonProperty("max_inspect_values")
          int maxInspectValues,
      @Schema(description = "Bytes of a request's body.", example = "8388608")
          @JsonProperty("max_body_bytes")
          int maxBodyBytes,
      @Schema(
              description = "Seconds from a request's arrival to its end, waiting included.",
              example = "300")
          @JsonProperty("request_timeout_seconds")
          double requestTimeoutSeconds,
      @Schema(description = "Whether max_tokens is cut to what fits into the context.")
          @JsonProperty("clamp_max_tokens")
          boolean clampMaxTokens,
      @Schema(description = "Whether every unknown field is refused.")
          @JsonProperty("strict_fields")
          boolean strictFields) {

    static Limits of(ApiLimits limits, int vocabSize) {
      return new Limits(
          limits.maxSequences(),
          limits.maxLogprobs(vocabSize),
          limits.maxInspectValues(),
          limits.maxBodyBytes(),
          limits.requestTimeout().toMillis() / 1e3,
          limits.maxTokens().clamped(),
          limits.strictFields());
    }
  }

  /** Describes the served model under one of its names. */
  static ModelObject of(String name, ServedModel model, ApiLimits limits, String serverVersion) {
    return new ModelObject(
        name,
        "model",
        model.created().getEpochSecond(),
        "gpt2-server",
        model.id(),
        model.contextLength(),
        model.vocabSize(),
        model.parameters(),
        model.layers(),
        model.heads(),
        model.width(),
        model.endTokens().stream().sorted().toList(),
        model.dtype(),
        model.device(),
        model.kernels(),
        model.arithmeticError(),
        model.chat().template() != null,
        model.revision(),
        GenerationDefaults.of(limits.maxTokens().absent()),
        Limits.of(limits, model.vocabSize()),
        serverVersion);
  }
}
