import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { baseURL, ended, endless, king, model, oneMore, whileFull } from "./server.mjs";

const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const greedy = { model, prompt: "The king", max_tokens: 15, temperature: 0 };

test("a whole completion", async () => {
  const completion = await client.completions.create(greedy);

  assert.equal(completion.model, model);
  assert.equal(completion.object, "text_completion");
  assert.equal(completion.choices.length, 1);
  assert.equal(completion.choices[0].text, king);
  assert.equal(completion.choices[0].finish_reason, "length");
  assert.equal(completion.usage.prompt_tokens, 2);
  assert.equal(completion.usage.completion_tokens, 15);
  assert.ok(completion._request_id);
});

test("a streamed completion, read twice", async () => {
  const stream = await client.completions.create({
    ...greedy,
    stream: true,
    stream_options: { include_usage: true },
  });
  for (const copy of stream.tee()) {
    let text = "";
    let usage = null;
    const reasons = [];
    for await (const chunk of copy) {
      usage = chunk.usage ?? usage;
      for (const choice of chunk.choices) {
        text += choice.text;
        if (choice.finish_reason) reasons.push(choice.finish_reason);
      }
    }
    assert.equal(text, king);
    assert.deepEqual(reasons, ["length"]);
    assert.equal(usage.total_tokens, 17);
  }
});

test("n texts, whole and streamed, are the same with a seed", async () => {
  const body = { model, prompt: "The king", max_tokens: 8, n: 3, seed: 5 };
  const whole = await client.completions.create(body);
  const streamed = ["", "", ""];
  for await (const chunk of await client.completions.create({ ...body, stream: true })) {
    for (const choice of chunk.choices) streamed[choice.index] += choice.text;
  }

  assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.deepEqual(whole.choices.map((choice) => choice.text), streamed);
  assert.equal(new Set(streamed).size, 3);
});

test("the likeliest of best_of, stop strings and token ids", async () => {
  const best = await client.completions.create({ ...greedy, temperature: 1, best_of: 3, seed: 1 });
  assert.equal(best.choices.length, 1);

  const stopped = await client.completions.create({ ...greedy, stop: [" said", "never"] });
  assert.equal(stopped.choices[0].text, " was very angry, and");
  assert.equal(stopped.choices[0].finish_reason, "stop");
  assert.equal(stopped.choices[0].stop_reason, " said");

  const batch = await client.completions.create({ ...greedy, prompt: [[333, 553], [333, 553]] });
  assert.deepEqual(batch.choices.map((choice) => choice.text), [king, king]);
});

test("a biased token", async () => {
  const { choices } = await client.completions.create({
    ...greedy,
    max_tokens: 3,
    logit_bias: { 553: 100 },
  });

  assert.equal(choices[0].text, " king king king");
});

test("log-probabilities, of the prompt too", async () => {
  const { choices } = await client.completions.create({
    ...greedy,
    max_tokens: 1,
    logprobs: 2,
    echo: true,
  });
  const { tokens, token_logprobs, top_logprobs, text_offset } = choices[0].logprobs;

  assert.equal(choices[0].text, "The king was");
  assert.deepEqual(tokens, ["The", " king", " was"]);
  assert.deepEqual(text_offset, [0, 3, 8]);
  assert.equal(token_logprobs[0], null);
  assert.equal(top_logprobs[0], null);
  assert.equal(top_logprobs[2][" was"], token_logprobs[2]);
  assert.equal(token_logprobs[2], Math.max(...Object.values(top_logprobs[2])));
});

test("a stream that is aborted counts as cancelled", async () => {
  const before = await ended("cancelled");
  const stream = await client.completions.create({ ...endless, n: 2, stream: true });
  for await (const chunk of stream) {
    assert.equal(chunk.choices.length, 1);
    break;
  }
  await oneMore("cancelled", before);

  const leaving = new AbortController();
  const second = await client.completions.create(
    { ...endless, n: 2, stream: true },
    { signal: leaving.signal },
  );
  let chunks = 0;
  for await (const chunk of second) {
    chunks += chunk.choices.length;
    leaving.abort();
  }
  assert.ok(chunks < 1000, `${chunks} chunks`);
  await oneMore("cancelled", before + 1);
});

test("embeddings, asked for in base64 unless told otherwise", async () => {
  const input = ["The king was very angry.", "A"];
  const base64 = await client.embeddings.create({ model, input });
  const floats = await client.embeddings.create({ model, input, encoding_format: "float" });

  assert.equal(base64.data.length, 2);
  assert.equal(base64.data[0].embedding.length, 320);
  assert.ok(Math.abs(base64.data[0].embedding[10] - 0.040438) < 1e-5);
  assert.deepEqual(
    base64.data.map(({ embedding }) => [...Float32Array.from(embedding)]),
    floats.data.map(({ embedding }) => [...Float32Array.from(embedding)]),
  );
});

test("models", async () => {
  const { data } = await client.models.list();

  assert.deepEqual(data.map(({ id }) => id), [
    model,
    "gpt-3.5-turbo-instruct",
    "text-embedding-ada-002",
  ]);
  assert.deepEqual(await client.models.retrieve(model).then(({ id }) => id), model);
});

test("each error is of its class", async () => {
  await assert.rejects(client.completions.create({ ...greedy, max_tokens: 600 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, "context_length_exceeded");
    assert.equal(error.param, "max_tokens");
    assert.equal(error.type, "invalid_request_error");
    assert.match(error.message, /512 tokens/);
    return true;
  });
  await assert.rejects(client.completions.create({ ...greedy, model: "gpt-4" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
  await assert.rejects(
    client.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] }),
    (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /no chat template. Use POST \/v1\/completions/);
      return true;
    },
  );
});

test("a full queue is a rate limit, tried again after what Retry-After says", async () => {
  await whileFull(async (leave) => {
    await assert.rejects(client.completions.create(greedy), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.code, "queue_full");
      assert.equal(error.headers.get("retry-after"), "1");
      return true;
    });

    const before = await ended("queue_full");
    const patient = client.completions.create(greedy, { maxRetries: 5 });
    await oneMore("queue_full", before);
    leave();
    assert.equal((await patient).choices[0].text, king);
  });
});
