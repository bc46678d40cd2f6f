package io.github.gpt2server.api.openai.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
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
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/models}, compatible with OpenAI's. */
@Tag(name = ApiTags.MODELS)
@RestController
public final class ModelController {
  private final ServedModels models;
  private final ApiLimits limits;
  private final String version;

  /** Describes the served model, its limits and this server. */
  public ModelController(
      ServedModels models, ApiLimits limits, ObjectProvider<BuildProperties> build) {
    this.models = models;
    this.limits = limits;
    this.version = build.stream().map(BuildProperties::getVersion).findAny().orElse("dev");
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
            .map(name -> describe(name, model))
            .toList());
  }

  /** Describes the model of an id (which may contain slashes), its last part, or an alias. */
  @Operation(
      operationId = "getModel",
      summary = "Describe a model",
      description =
          "The model's size and shape, data type and device, and what requests may ask for.")
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
    return describe(ModelCheck.nameOf(id.substring(1), model), model);
  }

  private ModelObject describe(String name, ServedModel model) {
    return ModelObject.of(name, model, limits, version);
  }

  /** A list of models, in OpenAI's format. */
  public record ModelList(
      @Schema(example = "list") @JsonProperty("object") String object,
      @JsonProperty("data") List<ModelObject> data) {}
}
