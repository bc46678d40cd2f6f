package io.github.gpt2server.api.insight.vocabulary;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/vocabulary}. */
@Tag(name = ApiTags.TOKENIZER)
@RestController
public final class VocabularyController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Searches the served model's vocabulary. */
  public VocabularyController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** Searches the vocabulary, or lists it. */
  @Operation(
      operationId = "searchVocabulary",
      summary = "Search the vocabulary",
      description =
          "The tokens whose text begins with prefix and contains contains, in order of id. Letter"
              + " case and spaces count: most words have a token with a space before them.",
      parameters = {
        @Parameter(
            name = "prefix",
            in = ParameterIn.QUERY,
            description = "The text with which the tokens begin; any by default.",
            schema = @Schema(type = "string", maxLength = 1000),
            example = " ki"),
        @Parameter(
            name = "contains",
            in = ParameterIn.QUERY,
            description = "A text that the tokens contain; any by default.",
            schema = @Schema(type = "string", maxLength = 1000),
            example = "ing"),
        @Parameter(
            name = "limit",
            in = ParameterIn.QUERY,
            description =
                "Number of tokens to report, from 0 (their number alone) to the vocabulary's size.",
            schema = @Schema(type = "integer", minimum = "0", defaultValue = "100"),
            example = "5")
      })
  @ApiResponse(responseCode = "200", description = "The tokens.")
  @ApiResponse(
      responseCode = "400",
      description = "A parameter is wrong: param names it, message says what it may be.")
  @GetMapping(path = Paths.VOCABULARY)
  public VocabularyResponse vocabulary(HttpServletRequest request) {
    ServedModel model = models.get();
    VocabularySpec spec =
        new VocabularyValidator(model.vocabSize(), limits.strictFields()).validate(query(request));
    return new VocabularyHandler(model.tokenizer()).search(spec);
  }

  private static Map<String, String[]> query(HttpServletRequest request) {
    try {
      return request.getParameterMap();
    } catch (IllegalStateException e) {
      throw ApiException.invalid(
          null, "The query cannot be decoded; send its parameters as percent-encoded UTF-8.");
    }
  }
}
