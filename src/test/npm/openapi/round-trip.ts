// Asks a server through the client that openapi-generator makes, and prints what the client gives.
import { CompletionsApi, Configuration, type NextToken, ProbabilitiesApi } from './client';

declare const process: { argv: string[] };

async function main(basePath: string): Promise<void> {
  const configuration = new Configuration({ basePath });
  const probabilities = new ProbabilitiesApi(configuration);
  const completions = new CompletionsApi(configuration);
  const score = await probabilities.scoreText({ scoreRequest: { text: 'Once upon a time' } });
  const scores = await probabilities.scoreText({ scoreRequest: { text: ['A king', 'A queen'] } });
  const ranked = await probabilities.scoreText({
    scoreRequest: { prompt: 'The king was', continuations: [' angry', ' happy'] },
  });
  const next = await probabilities.predictNextToken({
    nextTokenRequest: { prompt: 'The king', topK: 2, candidates: [' was very angry'] },
  });
  const completion = await completions.createCompletion({
    completionRequest: { prompt: ['The king', 'A queen'], maxTokens: 0, echo: true, logprobs: 2 },
  });
  console.log(
    JSON.stringify([
      score.logLikelihood,
      score.tokens!.map((token) => token.logprob),
      scores.results!.map((result) => result.perplexity),
      ranked.continuations!.map((continuation) => continuation.text),
      (next.top as NextToken[]).map((token) => token.probability),
      next.candidates![0].rank,
      completion.choices.map((choice) => choice.logprobs!.tokenLogprobs),
      completion.choices.map((choice) => choice.stopReason),
      completion.choices.map((choice) => choice.finishReason),
      completion.usage.promptTokensDetails.cachedTokens >= 0,
    ]),
  );
}

void main(process.argv[2]);
