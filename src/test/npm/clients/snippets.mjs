// The examples of docs/clients.md: the page shows what stands between "snippet" and "end".
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";
import { baseURL, king } from "./server.mjs";

const apiKey = process.env.API_KEY;

test("openai", async () => {
  let written = "";
  const write = (text) => { written += text; };

  // snippet: openai-js
  const client = new OpenAI({ baseURL, apiKey });
  const request = { model: "gpt2-fairytales", prompt: "The king", max_tokens: 15, temperature: 0 };

  const completion = await client.completions.create(request);
  const { text } = completion.choices[0];

  const stream = await client.completions.create({ ...request, stream: true });
  for await (const chunk of stream) {
    write(chunk.choices[0].text);
  }
  // end

  assert.equal(text, king);
  assert.equal(written, king);
});

test("AI SDK", async () => {
  let written = "";
  const write = (text) => { written += text; };

  // snippet: ai-sdk
  const gpt2 = createOpenAICompatible({ name: "gpt2", baseURL, apiKey });
  const request = {
    model: gpt2("gpt2-fairytales"),
    system: "A tale of a king.",
    prompt: "Who was he?",
    maxOutputTokens: 12,
    temperature: 0,
  };

  const { text } = await generateText(request);

  for await (const piece of streamText(request).textStream) {
    write(piece);
  }
  // end

  assert.ok(text.length > 0);
  assert.equal(written, text);
});

test("LangChain", async () => {
  let written = "";
  const write = (text) => { written += text; };

  // snippet: langchain-js
  const chat = new ChatOpenAI({
    model: "gpt2-fairytales",
    apiKey,
    configuration: { baseURL },
    maxTokens: 12,
    temperature: 0,
  });
  const messages = [["system", "A tale of a king."], ["user", "Who was he?"]];

  const { content } = await chat.invoke(messages);

  for await (const piece of await chat.stream(messages)) {
    write(piece.content);
  }
  // end

  assert.ok(content.length > 0);
  assert.equal(written, content);
});

test("fetch", async () => {
  let written = "";
  const write = (text) => { written += text; };

  // snippet: fetch
  // leaving.abort() ends the generation.
  const leaving = new AbortController();
  const response = await fetch(`${baseURL}/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ prompt: "The king", max_tokens: 15, temperature: 0, stream: true }),
    signal: leaving.signal,
  });
  if (!response.ok) {
    throw new Error((await response.json()).error.message);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (buffer + part.value).split("\n");
    buffer = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const chunk = JSON.parse(line.slice("data: ".length));
      if (chunk.error) throw new Error(chunk.error.message);
      write(chunk.choices[0].text);
    }
  }
  // end

  assert.equal(written, king);
});
