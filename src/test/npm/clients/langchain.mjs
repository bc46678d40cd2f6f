import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { baseURL, king, model } from "./server.mjs";

const options = { apiKey: "none", maxRetries: 0, configuration: { baseURL } };
const llm = new OpenAI({ ...options, model, temperature: 0, maxTokens: 15 });

test("a text, several, and a stream", async () => {
  assert.equal(await llm.invoke("The king"), king);
  assert.deepEqual(await llm.batch(["The king", "The king"]), [king, king]);

  let text = "";
  for await (const piece of await llm.stream("The king")) text += piece;
  assert.equal(text, king);
});

test("stop strings and fields of this server", async () => {
  assert.equal(await llm.invoke("The king", { stop: [" said"] }), " was very angry, and");

  const biased = new OpenAI({
    ...options, model, temperature: 0, maxTokens: 3, modelKwargs: { logit_bias: { 553: 100 } },
  });
  assert.equal(await biased.invoke("The king"), " king king king");
});

test("without a model it asks for names that the server has as aliases", async () => {
  const nameless = new OpenAI({ ...options, temperature: 0, maxTokens: 15 });
  assert.equal(await nameless.invoke("The king"), king);

  const vector = await new OpenAIEmbeddings(options).embedQuery("The king was very angry.");
  assert.ok(Math.abs(vector[10] - 0.040438) < 1e-5);
});

test("embeddings in batches", async () => {
  const embeddings = new OpenAIEmbeddings({ ...options, model, batchSize: 8, maxConcurrency: 1 });
  const vectors = await embeddings.embedDocuments(
    Array.from({ length: 20 }, (_, i) => (i === 17 ? "The king was very angry." : `${i}`)),
  );

  assert.equal(vectors.length, 20);
  assert.ok(Math.abs(vectors[17][10] - 0.040438) < 1e-5);
});

test("a chat without a template hears what to use", async () => {
  await assert.rejects(new ChatOpenAI({ ...options, model }).invoke("Hello"), (error) => {
    assert.match(error.message, /no chat template. Use POST \/v1\/completions/);
    return true;
  });
});
