package io.github.gpt2server.api.openai.azure;

import io.github.gpt2server.api.execution.ServedModels;
import io.github.gpt2server.api.openai.chat.ChatController;
import io.github.gpt2server.api.openai.chat.ChatRequest;
import io.github.gpt2server.api.openai.chat.ChatResponse;
import io.github.gpt2server.api.openai.completion.CompletionController;
import io.github.gpt2server.api.openai.completion.CompletionRequest;
import io.github.gpt2server.api.openai.completion.CompletionResponse;
import io.github.gpt2server.api.openai.embedding.EmbeddingController;
import io.github.gpt2server.api.openai.embedding.EmbeddingRequest;
import io.github.gpt2server.api.openai.embedding.EmbeddingResponse;
import io.github.gpt2server.api.openai.model.ModelController;
import io.github.gpt2server.api.openai.model.ModelObject;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.web.path.Paths;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * OpenAI's endpoints under Azure's paths. A deployment's name is the name of a model; {@code
 * api-version} is ignored.
 */
@Hidden
@RestController
@RequestMapping(Paths.AZURE)
public final class AzureController {
  private final ServedModels models;
  private final CompletionController completions;
  private final ChatController chats;
  private final EmbeddingController embeddings;
  private final ModelController descriptions;

  /** Delegates to the controllers of OpenAI's endpoints. */
  public AzureController(
      ServedModels models,
      CompletionController completions,
      ChatController chats,
      EmbeddingController embeddings,
      ModelController descriptions) {
    this.models = models;
    this.completions = completions;
    this.chats = chats;
    this.embeddings = embeddings;
    this.descriptions = descriptions;
  }

  /** Completes prompts. */
  @PostMapping(path = Paths.COMPLETIONS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<CompletionResponse> complete(
      @RequestBody CompletionRequest request, HttpServletResponse response) {
    return completions.complete(request, response);
  }

  /** Completes prompts with a deployment. */
  @PostMapping(
      path = Paths.AZURE_DEPLOYMENT_COMPLETIONS,
      consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<CompletionResponse> complete(
      @PathVariable("deployment") String deployment,
      @RequestBody CompletionRequest request,
      HttpServletResponse response) {
    ModelCheck.check(deployment, models.get());
    return completions.complete(request, response);
  }

  /** Answers chats. */
  @PostMapping(path = Paths.CHAT_COMPLETIONS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<ChatResponse> chat(
      @RequestBody ChatRequest request, HttpServletResponse response) {
    return chats.complete(request, response);
  }

  /** Answers chats with a deployment. */
  @PostMapping(
      path = Paths.AZURE_DEPLOYMENT_CHAT_COMPLETIONS,
      consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<ChatResponse> chat(
      @PathVariable("deployment") String deployment,
      @RequestBody ChatRequest request,
      HttpServletResponse response) {
    ModelCheck.check(deployment, models.get());
    return chats.complete(request, response);
  }

  /** Computes embeddings. */
  @PostMapping(path = Paths.EMBEDDINGS, consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<EmbeddingResponse> embed(@RequestBody EmbeddingRequest request) {
    return embeddings.embed(request);
  }

  /** Computes embeddings with a deployment. */
  @PostMapping(
      path = Paths.AZURE_DEPLOYMENT_EMBEDDINGS,
      consumes = MediaType.APPLICATION_JSON_VALUE)
  public ResponseEntity<EmbeddingResponse> embed(
      @PathVariable("deployment") String deployment, @RequestBody EmbeddingRequest request) {
    ModelCheck.check(deployment, models.get());
    return embeddings.embed(request);
  }

  /** Lists the models. */
  @GetMapping({Paths.MODELS, Paths.MODELS + "/", Paths.AZURE_MODELS, Paths.AZURE_MODELS + "/"})
  public ModelController.ModelList list() {
    return descriptions.list();
  }

  /** Describes one model. */
  @GetMapping({Paths.MODELS + Paths.ID, Paths.AZURE_MODELS + Paths.ID})
  public ModelObject one(@PathVariable("id") String id) {
    return descriptions.one(id);
  }
}
