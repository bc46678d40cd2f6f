// What the tests of every client here need of the server they talk to: its address is in SERVER.
import assert from "node:assert/strict";

export const server = process.env.SERVER;
export const baseURL = `${server}v1`;
export const model = "gpt2-fairytales";
export const king = " was very angry, and said: \"I am the king of the land";

/** More than two slots hold, for longer than any test takes. */
export const endless = {
  model,
  prompt: "Once upon a time",
  max_tokens: 500,
  n: 20,
  ignore_eos: true,
};

/** How many requests ended so. */
export async function ended(outcome) {
  const text = await (await fetch(`${server}metrics`)).text();
  return [...text.matchAll(/^gpt2_requests_total\{.*outcome="(\w+)".*\} (\S+)$/gm)]
    .filter(([, name]) => name === outcome)
    .reduce((sum, [, , value]) => sum + Number(value), 0);
}

async function eventually(holds) {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, "it never came to that");
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** Waits until one request more has ended so; they are counted a moment after their clients know. */
export const oneMore = (outcome, before) =>
  eventually(async () => (await ended(outcome)) === before + 1);

async function gauge(name) {
  const text = await (await fetch(`${server}metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(text)[1]);
}

/** Does something while every slot and every place in the queue is taken. */
export async function whileFull(something) {
  const leaving = new AbortController();
  const left = fetch(`${baseURL}/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(endless),
    signal: leaving.signal,
  }).catch(() => {});
  try {
    await eventually(async () => (await gauge("gpt2_requests_waiting")) === 1);
    await something(() => leaving.abort());
  } finally {
    leaving.abort();
    await left;
    await eventually(async () => (await gauge("gpt2_sequences_running")) === 0);
  }
}
