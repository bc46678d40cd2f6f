package io.github.gpt2server.api.openai.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/models}, compatible with OpenAI's. */
@Tag(name = ApiTags.MODELS)
@RestController
public final class ModelController {
  private final ServedModels models;

  /** Describes the served model. */
  public ModelController(ServedModels models) {
    this.models = models;
  }

  /** Lists the served model under each of its names. */
  @Operation(
      operationId = "listModels",
      summary = "List the models",
      description =
          "One model is served; each of its aliases has an entry of its own, whose root is the model's"
              + " id.")
  @GetMapping(path = Paths.MODELS)
  public ModelList list() {
    ServedModel model = models.get();
    return new ModelList(
        "list",
        Stream.concat(Stream.of(model.id()), model.aliases().stream())
            .filter(name -> ModelCheck.nameOf(name, model).equals(name))
            .distinct()
            .map(name -> ModelObject.of(name, model))
            .toList());
  }

  /** Describes the model of an id (which may contain slashes), its last part, or an alias. */
  @Operation(
      operationId = "getModel",
      summary = "Describe a model",
      description = "The model's size, context length, data type and device.")
  @ApiResponse(responseCode = "200", description = "The model.")
  @ApiResponse(
      responseCode = "404",
      description = "The model is not served (code model_not_found).")
  @GetMapping(path = Paths.MODELS + Paths.ID)
  public ModelObject one(
      @Parameter(
              description = "The model's id, the last part of the id, or an alias.",
              example = "gpt2-fairytales")
          @PathVariable("id")
          String id) {
    ServedModel model = models.get();
    return ModelObject.of(ModelCheck.nameOf(id.substring(1), model), model);
  }

  /** A list of models, in OpenAI's format. */
  public record ModelList(
      @Schema(example = "list") @JsonProperty("object") String object,
      @JsonProperty("data") List<ModelObject> data) {}

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
      @Schema(example = "float32") @JsonProperty("dtype") String dtype,
      @Schema(example = "cpu") @JsonProperty("device") String device,
      @Schema(
              description = "The operators that compute a step of the model.",
              example = "avx512vnni")
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
          String revision) {

    static ModelObject of(String name, ServedModel model) {
      return new ModelObject(
          name,
          "model",
          model.created().getEpochSecond(),
          "gpt2-server",
          model.id(),
          model.contextLength(),
          model.vocabSize(),
          model.parameters(),
          model.dtype(),
          model.device(),
          model.kernels(),
          model.arithmeticError(),
          model.chat().template() != null,
          model.revision());
    }
  }
}
