package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openapi.ApiTags;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Turns texts into vectors, as OpenAI's embeddings endpoint does. */
@Tag(name = ApiTags.EMBEDDINGS)
@RestController
public final class EmbeddingController {
  private final ServedModels models;
  private final ApiLimits limits;

  /** Answers with the served model, within these limits. */
  public EmbeddingController(ServedModels models, ApiLimits limits) {
    this.models = models;
    this.limits = limits;
  }

  /** One vector for each text, or for each of its tokens; a client that leaves cancels. */
  @Operation(
      operationId = "createEmbedding",
      summary = "Turn texts into vectors",
      description =
          "The model's hidden vectors: by default the mean over a text's tokens of what it predicts"
              + " from, of length 1. GPT-2 was not trained for likeness of texts; vectors of any"
              + " layer can be had.")
  @ApiResponse(responseCode = "200", description = "One embedding for each input, in order.")
  @ApiResponse(responseCode = "504", description = "Not complete in time.")
  @PostMapping(path = Paths.EMBEDDINGS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<EmbeddingResponse> embed(
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              content =
                  @Content(
                      examples = {
                        @ExampleObject(
                            name = "Two texts",
                            value =
                                "{\"input\": [\"The king was very angry.\", \"The queen wept.\"]}"),
                        @ExampleObject(
                            name = "In base64",
                            value =
                                "{\"input\": \"The king was very angry.\", \"encoding_format\": \"base64\"}"),
                        @ExampleObject(
                            name = "Every token after the second block, as it is",
                            value =
                                "{\"input\": \"The king\", \"layer\": 2, \"pooling\": \"none\", \"normalize\": false}")
                      }))
          @RequestBody
          EmbeddingRequest request) {
    ServedModel model = models.get();
    EmbeddingQuestion question = EmbeddingQuestion.of(request, model, limits);
    try (RunningTask<List<float[][]>> running =
        RunningTask.submit(model.engine()::submit, question.task())) {
      return ResponseEntity.ok()
          .contentType(MediaType.APPLICATION_JSON)
          .body(question.response(running.await()));
    }
  }
}
