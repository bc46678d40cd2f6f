import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { APICallError, generateText, streamText } from "ai";
import OpenAI from "openai";
import { baseURL, model } from "./server.mjs";

// The server has gpt2.chat-template=plain.
const messages = [
  { role: "system", content: "A tale of a king." },
  { role: "user", content: "Who was he?" },
];
const prompt = "System: A tale of a king.\nUser: Who was he?\nAssistant:";
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const greedy = { model, messages, max_tokens: 12, temperature: 0 };

const { choices: [same] } = await client.completions.create({
  model, prompt, max_tokens: 12, temperature: 0, logprobs: 2, stop: ["\nUser:"],
});

test("openai: a whole answer with log-probabilities", async () => {
  const answer = await client.chat.completions.create({
    ...greedy, logprobs: true, top_logprobs: 2,
  });
  const [choice] = answer.choices;

  assert.equal(answer.object, "chat.completion");
  assert.equal(choice.message.role, "assistant");
  assert.equal(choice.message.content, same.text);
  assert.equal(choice.finish_reason, "length");
  assert.equal(answer.usage.completion_tokens, 12);
  assert.deepEqual(choice.logprobs.content.map(({ token }) => token), same.logprobs.tokens);
  assert.deepEqual(
    choice.logprobs.content.map(({ logprob }) => logprob),
    same.logprobs.token_logprobs,
  );
  assert.equal(choice.logprobs.content[0].top_logprobs.length, 2);
});

test("openai: a stream, by chunks and by its helper", async () => {
  let text = "";
  let usage = null;
  const roles = [];
  for await (const chunk of await client.chat.completions.create({
    ...greedy, stream: true, stream_options: { include_usage: true },
  })) {
    usage = chunk.usage ?? usage;
    for (const { delta } of chunk.choices) {
      if (delta.role) roles.push(delta.role);
      text += delta.content ?? "";
    }
  }
  assert.equal(text, same.text);
  assert.deepEqual(roles, ["assistant"]);
  assert.equal(usage.completion_tokens, 12);

  const final = await client.chat.completions.stream(greedy).finalChatCompletion();
  assert.equal(final.choices[0].message.content, same.text);
});

test("openai: several answers, stop strings and parts", async () => {
  const { choices } = await client.chat.completions.create({
    ...greedy, n: 2, seed: 4, temperature: 1,
  });
  assert.deepEqual(choices.map(({ index }) => index), [0, 1]);
  assert.notEqual(choices[0].message.content, choices[1].message.content);

  const stop = same.text.slice(5, 8);
  const parts = messages.map(({ role, content }) => ({
    role, content: [{ type: "text", text: content }],
  }));
  const stopped = await client.chat.completions.create({ ...greedy, messages: parts, stop });
  assert.equal(stopped.choices[0].message.content, same.text.slice(0, same.text.indexOf(stop)));
  assert.equal(stopped.choices[0].finish_reason, "stop");
});

test("openai: what is wrong is an error of its class", async () => {
  const rejected = (body, pattern) =>
    assert.rejects(client.chat.completions.create(body), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, pattern);
      return true;
    });
  await rejected({ ...greedy, messages: [] }, /messages is empty/);
  await rejected(
    { ...greedy, tools: [{ type: "function", function: { name: "f" } }] },
    /GPT-2 does not call tools/,
  );
  await rejected(
    {
      ...greedy,
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }],
    },
    /GPT-2 reads text only/,
  );
  await rejected({ ...greedy, max_tokens: 600, stream: true }, /512 tokens/);
});

const compatible = createOpenAICompatible({ name: "gpt2", baseURL, includeUsage: true });
const models = {
  compatible: compatible(model),
  openai: createOpenAI({ baseURL, apiKey: "none" }).chat(model),
};

for (const [name, chat] of Object.entries(models)) {
  const asked = {
    model: chat,
    system: messages[0].content,
    prompt: messages[1].content,
    maxOutputTokens: 12,
    temperature: 0,
    maxRetries: 0,
  };

  test(`AI SDK, ${name}: whole and streamed`, async () => {
    const { text, usage, finishReason } = await generateText(asked);
    assert.equal(text, same.text);
    assert.equal(usage.outputTokens, 12);
    assert.equal(finishReason, "length");

    const result = streamText(asked);
    let streamed = "";
    for await (const piece of result.textStream) streamed += piece;
    assert.equal(streamed, same.text);
    assert.equal((await result.usage).outputTokens, 12);
  });

  test(`AI SDK, ${name}: what is wrong is said`, async () => {
    await assert.rejects(generateText({ ...asked, maxOutputTokens: 600 }), (error) => {
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, 400);
      assert.match(error.message, /512 tokens/);
      return true;
    });
  });
}

test("LangChain: whole, streamed, and what is wrong", async () => {
  const options = { apiKey: "none", maxRetries: 0, configuration: { baseURL }, model };
  const chat = new ChatOpenAI({ ...options, temperature: 0, maxTokens: 12 });
  const conversation = messages.map(({ role, content }) => [role, content]);

  const answer = await chat.invoke(conversation);
  assert.equal(answer.content, same.text);
  assert.equal(answer.usage_metadata.output_tokens, 12);
  let text = "";
  for await (const piece of await chat.stream(conversation)) text += piece.content;
  assert.equal(text, same.text);

  const tooLong = new ChatOpenAI({ ...options, maxTokens: 600 });
  await assert.rejects(tooLong.invoke(conversation), /512 tokens/);
});
