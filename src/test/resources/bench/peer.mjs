// Runs GGUF files with node-llama-cpp. Reads requests, a line of JSON each, and answers with a line:
//   {"file": "gpt2-F32.gguf", "streams": 4, "prompt": 16, "tokens": 96}
//   {"tokensPerSecond": 137.2, "promptMillis": 63.1}
// All streams are sequences of one context, and every step decodes a token of each in one batch.
import {createInterface} from "node:readline";
import {getLlama} from "node-llama-cpp";

const threads = Number(process.argv[2]);
const llama = await getLlama({gpu: false, build: "never", maxThreads: threads});
const models = new Map();

async function load(file) {
  if (!models.has(file)) {
    models.set(file, await llama.loadModel({modelPath: file, gpuLayers: 0}));
  }
  return models.get(file);
}

async function run({file, streams, prompt, tokens}) {
  const model = await load(file);
  const context = await model.createContext({
    sequences: streams,
    contextSize: Math.ceil((prompt + tokens) / 256) * 256,
    batchSize: Math.max(512, streams * 16),
    threads,
    flashAttention: true
  });
  try {
    const sequences = Array.from({length: streams}, () => context.getSequence());
    const greedy = {generateNext: {token: true, options: {temperature: 0}}};
    const begin = performance.now();
    const next = await Promise.all(sequences.map(async (sequence, stream) => {
      const ids = Array.from({length: prompt}, (_, i) => 100 + (stream * 131 + i * 7) % 800);
      const output = await sequence.controlledEvaluate([...ids.slice(0, -1), [ids.at(-1), greedy]]);
      return output[prompt - 1].next.token;
    }));
    const prompted = performance.now();
    for (let step = 0; step < tokens; step++) {
      const outputs = await Promise.all(
        sequences.map((sequence, stream) => sequence.controlledEvaluate([[next[stream], greedy]])));
      outputs.forEach((output, stream) => {
        next[stream] = output[0].next.token;
      });
    }
    const seconds = (performance.now() - prompted) / 1000;
    return {tokensPerSecond: streams * tokens / seconds, promptMillis: prompted - begin};
  } finally {
    await context.dispose();
  }
}

console.log(JSON.stringify({ready: true, release: llama.llamaCppRelease.release}));
for await (const line of createInterface({input: process.stdin})) {
  try {
    console.log(JSON.stringify(await run(JSON.parse(line))));
  } catch (error) {
    console.log(JSON.stringify({error: String(error)}));
  }
}
process.exit(0);
