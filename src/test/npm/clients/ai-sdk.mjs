import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, cosineSimilarity, embed, embedMany, generateText, streamText } from "ai";
import { baseURL, ended, model, oneMore, whileFull } from "./server.mjs";

const compatible = createOpenAICompatible({ name: "gpt2", baseURL, includeUsage: true });
const openai = createOpenAI({ baseURL, apiKey: "none" });
const models = { compatible: compatible.completionModel(model), openai: openai.completion(model) };
const asked = { prompt: "The king", maxOutputTokens: 12, temperature: 0, maxRetries: 0 };

// The SDK writes every prompt as "user:\n…\n\nassistant:\n" and stops at "\nuser:".
const wrapped = "user:\nThe king\n\nassistant:\n";

async function direct(fields) {
  const response = await fetch(`${baseURL}/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      prompt: wrapped, max_tokens: 12, temperature: 0, stop: ["\nuser:"], ...fields,
    }),
  });
  return (await response.json()).choices[0];
}

for (const [name, completion] of Object.entries(models)) {
  test(`${name}: a whole text`, async () => {
    const { text, usage, finishReason } = await generateText({ ...asked, model: completion });
    const same = await direct({});

    assert.equal(text, same.text);
    assert.equal(usage.outputTokens, 12);
    assert.equal(finishReason, "length");
  });

  test(`${name}: a streamed text`, async () => {
    const result = streamText({ ...asked, model: completion });
    let text = "";
    for await (const piece of result.textStream) text += piece;

    assert.equal(text, (await direct({})).text);
    assert.equal((await result.usage).outputTokens, 12);
    assert.equal(await result.finishReason, "length");
  });

  test(`${name}: logitBias`, async () => {
    const { text } = await generateText({
      ...asked,
      model: completion,
      maxOutputTokens: 3,
      providerOptions: { gpt2: { logitBias: { 553: 100 } }, openai: { logitBias: { 553: 100 } } },
    });

    assert.equal(text, " king king king");
  });

  test(`${name}: a text that is aborted counts as cancelled`, async () => {
    const before = await ended("cancelled");
    const leaving = new AbortController();
    const { textStream } = streamText({
      ...asked,
      model: completion,
      maxOutputTokens: 450,
      providerOptions: { gpt2: { ignore_eos: true } },
      abortSignal: leaving.signal,
    });
    for await (const piece of textStream) {
      assert.ok(piece.length > 0);
      leaving.abort();
    }
    await oneMore("cancelled", before);
  });

  test(`${name}: what is wrong is said`, async () => {
    const tooLong = generateText({ ...asked, model: completion, maxOutputTokens: 600 });
    await assert.rejects(tooLong, (error) => {
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, 400);
      assert.equal(error.isRetryable, false);
      assert.match(error.message, /512 tokens/);
      return true;
    });
    await whileFull(async () => {
      await assert.rejects(generateText({ ...asked, model: completion }), (error) => {
        assert.equal(error.statusCode, 429);
        assert.equal(error.isRetryable, true);
        assert.match(error.message, /The queue is full/);
        return true;
      });
    });
  });
}

test("what the SDK really sends: its own prompt, stop string and both spellings", async () => {
  const bodies = [];
  const watched = createOpenAICompatible({
    name: "gpt2",
    baseURL,
    fetch: (url, init) => {
      bodies.push(JSON.parse(init.body));
      return fetch(url, init);
    },
  });
  const { text } = await generateText({
    ...asked,
    model: watched.completionModel(model),
    maxOutputTokens: 2,
    providerOptions: { gpt2: { logitBias: { 553: 100 } } },
  });

  assert.equal(text, " king king");
  assert.equal(bodies.length, 1);
  assert.equal(bodies[0].prompt, wrapped);
  assert.deepEqual(bodies[0].stop, ["\nuser:"]);
  assert.deepEqual(bodies[0].logit_bias, { 553: 100 });
  assert.deepEqual(bodies[0].logitBias, { 553: 100 });
});

for (const [name, provider] of Object.entries({ compatible, openai })) {
  test(`${name}: embeddings`, async () => {
    const embedding = provider.embeddingModel(model);
    const { embedding: one } = await embed({ model: embedding, value: "The king was very angry." });
    const { embeddings, usage } = await embedMany({
      model: embedding,
      values: ["The king was very angry.", "A"],
    });

    assert.equal(one.length, 320);
    assert.ok(Math.abs(one[10] - 0.040438) < 1e-5);
    assert.equal(embeddings.length, 2);
    assert.ok(cosineSimilarity(one, embeddings[0]) > 0.99999);
    assert.equal(usage.tokens, 7);
  });
}

test("chats without a template, and the SDK's default, hear what to use", async () => {
  for (const [chat, status, advice] of [
    [openai(model), 404, /use POST \/v1\/chat\/completions with messages/],
    [openai.chat(model), 400, /no chat template. Use POST \/v1\/completions/],
    [compatible(model), 400, /no chat template. Use POST \/v1\/completions/],
  ]) {
    await assert.rejects(generateText({ ...asked, model: chat }), (error) => {
      assert.equal(error.statusCode, status);
      assert.match(error.message, advice);
      return true;
    });
  }
});
