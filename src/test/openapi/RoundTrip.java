import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.CompletionsApi;
import org.openapitools.client.api.ProbabilitiesApi;
import org.openapitools.client.model.CompletionChoice;
import org.openapitools.client.model.CompletionRequest;
import org.openapitools.client.model.CompletionResponse;
import org.openapitools.client.model.NextTokenRequest;
import org.openapitools.client.model.NextTokenResponse;
import org.openapitools.client.model.RankedContinuation;
import org.openapitools.client.model.ScoreRequest;
import org.openapitools.client.model.ScoreResponse;
import org.openapitools.client.model.ScoredToken;
import org.openapitools.client.model.TextScore;

/**
 * Asks a server through the client that openapi-generator makes, and gives what the client gives.
 * The tests compile it together with that client.
 */
public final class RoundTrip implements Function<String, String> {

  @Override
  public String apply(String base) {
    ApiClient client = new ApiClient();
    client.updateBaseUri(base);
    try {
      List<Object> seen = new ArrayList<>();
      askForScores(new ProbabilitiesApi(client), seen);
      askForNextTokens(new ProbabilitiesApi(client), seen);
      askForCompletions(new CompletionsApi(client), seen);
      return new ObjectMapper().writeValueAsString(seen);
    } catch (ApiException e) {
      throw new IllegalStateException(e.getCode() + " " + e.getResponseBody(), e);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void askForScores(ProbabilitiesApi api, List<Object> seen) throws ApiException {
    ScoreResponse score = api.scoreText(new ScoreRequest().text("Once upon a time"));
    ScoreResponse scores = api.scoreText(new ScoreRequest().text(List.of("A king", "A queen")));
    ScoreResponse ranked =
        api.scoreText(
            new ScoreRequest().prompt("The king was").continuations(List.of(" angry", " happy")));
    seen.add(score.getLogLikelihood());
    seen.add(score.getTokens().stream().map(ScoredToken::getLogprob).toArray());
    seen.add(scores.getResults().stream().map(TextScore::getPerplexity).toArray());
    seen.add(ranked.getContinuations().stream().map(RankedContinuation::getText).toArray());
  }

  private static void askForNextTokens(ProbabilitiesApi api, List<Object> seen)
      throws ApiException {
    NextTokenResponse next =
        api.predictNextToken(
            new NextTokenRequest()
                .prompt("The king")
                .topK(2)
                .candidates(List.of(" was very angry")));
    // It may be an object too, so the client has it as Jackson reads it.
    seen.add(
        ((List<?>) next.getTop())
            .stream().map(token -> ((Map<?, ?>) token).get("probability")).toArray());
    seen.add(next.getCandidates().get(0).getRank());
  }

  private static void askForCompletions(CompletionsApi api, List<Object> seen)
      throws ApiException {
    CompletionResponse completion =
        api.createCompletion(
            new CompletionRequest()
                .prompt(List.of("The king", "A queen"))
                .maxTokens(0)
                .echo(true)
                .logprobs(2));
    List<CompletionChoice> choices = completion.getChoices();
    seen.add(choices.stream().map(choice -> choice.getLogprobs().getTokenLogprobs()).toArray());
    seen.add(choices.stream().map(CompletionChoice::getStopReason).toArray());
    seen.add(choices.stream().map(choice -> choice.getFinishReason().getValue()).toArray());
    seen.add(completion.getUsage().getPromptTokensDetails().getCachedTokens() >= 0);
  }
}
