// What openapi-typescript's types must allow, and give; it is compiled, not run.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Schemas = components['schemas'];

export const completion: Schemas['CompletionRequest'] = {
  prompt: [[1, 2], [3]],
  max_tokens: 0,
  logprobs: null,
  stream_options: null,
};
export const inspection: Schemas['InspectRequest'] = {
  prompt: 'The king',
  ablate: [{ layer: 1, head: 0 }],
  targets: [' queen', 5],
};
export const each: Schemas['InspectRequest'] = { ablate: 'each' };

export async function ask(baseUrl: string): Promise<(number | null)[]> {
  const client = createClient<paths>({ baseUrl });
  const scored = await client.POST('/v1/score', { body: { text: 'Once upon a time' } });
  const answer = scored.data as Schemas['ScoreResponse'];
  const perplexity: number | null | undefined = answer.perplexity;
  const logprobs: (number | null)[] = (answer.tokens ?? []).map((token) => token.logprob);
  const next = await client.POST('/v1/next-token', { body: { prompt: 'The king' } });
  const top = next.data?.top;
  const probability: number | undefined = Array.isArray(top) ? top[0]?.probability : undefined;
  const message: string | undefined = next.error?.error.message;
  const chunk: Schemas['CompletionChunk']['choices'][number]['finish_reason'] = null;
  return [perplexity ?? null, probability ?? null, message?.length ?? null, chunk, ...logprobs];
}
