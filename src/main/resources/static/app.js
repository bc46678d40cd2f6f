import { SseParser } from './sse.js';

const KEY = 'gpt2-server.api-key';
const TOP_K = 10;
const TYPING_PAUSE_MS = 400;
const RETRY_MS = 2000;
const MAX_HISTORY = 200;

const $ = (id) => document.getElementById(id);
const prompt = $('prompt');

/** The text as sent to the server; the text area shows it with its line ends made LF. */
let text = prompt.value;
/** The index in `text` at which the generated part begins. */
let generatedFrom = text.length;
let history = [];
let typing = false;
let generation = null;
let model = null;

// --- Talking to the server ---------------------------------------------------------------------

/** An answer of the server that is not a success, or an error event in a stream. */
class ServerError extends Error {
  constructor(error, status, retryAfter) {
    super(error.message || (status ? `The server answered HTTP ${status}.` : 'The server failed.'));
    this.status = status;
    this.retryAfter = retryAfter;
    const parts = [status && `HTTP ${status}`, error.type, error.code];
    if (error.param) parts.push(`field ${error.param}`);
    if (retryAfter) parts.push(`try again in ${retryAfter} s`);
    this.detail = parts.filter(Boolean).join(' · ');
  }

  static async of(response) {
    const retryAfter = Number(response.headers.get('Retry-After')) || 0;
    let error = {};
    try {
      error = (await response.json()).error ?? {};
    } catch {
      // Not the server's error envelope, perhaps a proxy's page: only the status is known.
    }
    return new ServerError(error, response.status, retryAfter);
  }
}

// Paths are relative, so that the page also works behind a proxy that adds a prefix.
async function call(path, body, signal) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body && JSON.stringify(body),
      signal,
    });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new Error(`The server cannot be reached (${failure.message}).`);
  }
  if (response.ok) return response;
  const error = await ServerError.of(response);
  if (error.status === 401) askForKey(Boolean(key));
  throw error;
}

function askForKey(refused) {
  $('key-label').textContent = refused
    ? 'The server rejected this API key. Enter another one.'
    : 'This server asks for an API key';
  if ($('key-form').hidden) {
    $('key-form').hidden = false;
    $('key').focus();
  }
}

$('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $('key').value.trim());
  $('key').value = '';
  $('key-form').hidden = true;
  clearError();
  start();
});

// --- The text ----------------------------------------------------------------------------------

const lineEnds = (string) => string.replace(/\r\n?/g, '\n');

function render() {
  const editor = $('editor');
  const following = editor.scrollHeight - editor.scrollTop - editor.clientHeight < 40;
  const shown = lineEnds(text);
  // Assigning the same value would move the caret.
  if (prompt.value !== shown) prompt.value = shown;
  $('mirror-prompt').textContent = lineEnds(text.slice(0, generatedFrom));
  $('mirror-generated').textContent = lineEnds(text.slice(generatedFrom));
  // An empty last line has no height.
  $('mirror-end').textContent = '\n';
  if (following) editor.scrollTop = editor.scrollHeight;
  $('undo').disabled = history.length === 0 || generation !== null;
}

function remember() {
  history.push({ text, generatedFrom });
  if (history.length > MAX_HISTORY) history.shift();
}

function append(piece) {
  text += piece;
  markBarsStale();
  render();
}

prompt.addEventListener('input', () => {
  if (!typing) remember();
  typing = true;
  text = prompt.value;
  generatedFrom = text.length;
  markBarsStale();
  render();
  refreshBarsSoon(TYPING_PAUSE_MS);
});

$('undo').addEventListener('click', () => {
  if (generation || history.length === 0) return;
  ({ text, generatedFrom } = history.pop());
  typing = false;
  clearError();
  markBarsStale();
  render();
  if ($('undo').disabled) prompt.focus();
  refreshBars();
});

// --- Completions -------------------------------------------------------------------------------

function setting(id) {
  const input = $(id);
  if (input.validity.badInput) {
    input.focus();
    throw new Error(`${input.labels[0].textContent.trim()} must be a number.`);
  }
  return input.value === '' ? undefined : input.valueAsNumber;
}

/** Speed of a generation: tokens, and seconds from the first chunk to the last. */
class Pace {
  pieces = 0;
  tokens = null;
  #asked = performance.now();
  #first = 0;
  #last = 0;

  piece() {
    this.#last = performance.now();
    if (this.pieces++ === 0) this.#first = this.#last;
  }

  toString() {
    const tokens = this.tokens ?? this.pieces;
    const parts = [`${tokens} ${tokens === 1 ? 'token' : 'tokens'}`];
    const seconds = (this.#last - this.#first) / 1000;
    // The first token includes the prompt's time, so it does not count for the decoding speed.
    if (tokens > 1 && seconds > 0) parts.push(`${((tokens - 1) / seconds).toFixed(1)} tokens/s`);
    if (this.pieces > 0) parts.push(`first after ${Math.round(this.#first - this.#asked)} ms`);
    return parts.join(' · ');
  }
}

const REASONS = { length: 'length (max tokens reached)', stop: 'stop (the model ended the text)' };

async function generate() {
  if (generation) return;
  clearError();
  let request;
  try {
    request = {
      model: model?.id,
      prompt: text,
      max_tokens: setting('max-tokens'),
      temperature: setting('temperature'),
      top_p: setting('top-p'),
      seed: setting('seed'),
      stream: true,
      stream_options: { include_usage: true },
    };
  } catch (failure) {
    showError(failure);
    return;
  }

  remember();
  typing = false;
  generatedFrom = text.length;
  const controller = new AbortController();
  setRunning(controller);
  const pace = new Pace();
  const status = (end) => setStatus(end ? `${pace} · ${end}` : `Generating… ${pace}`);
  status();
  try {
    const reason = await stream(request, controller.signal, pace, status);
    status(`finish reason: ${REASONS[reason] ?? reason ?? 'none given'}`);
    announce(`${pace}. ${text.slice(generatedFrom)}`);
  } catch (failure) {
    if (controller.signal.aborted) {
      status('stopped');
      announce('Stopped.');
    } else {
      status('failed');
      showError(failure);
    }
  } finally {
    // Also frees the server's slot when the failure was the page's own.
    controller.abort();
    if (text.length === generatedFrom) history.pop();
    setRunning(null);
    refreshBars();
  }
}

async function stream(request, signal, pace, progress) {
  const response = await call('./v1/completions', request, signal);
  let reason = null;
  let done = false;
  let received = '';
  const parser = new SseParser(({ type, data }) => {
    if (done) return;
    if (data === '[DONE]') {
      done = true;
      return;
    }
    const chunk = JSON.parse(data);
    if (type === 'error' || chunk.error) throw new ServerError(chunk.error ?? {});
    for (const choice of chunk.choices ?? []) {
      if (choice.text) pace.piece();
      received += choice.text ?? '';
      reason = choice.finish_reason ?? reason;
    }
    if (chunk.usage) pace.tokens = chunk.usage.completion_tokens;
  });
  const show = () => {
    if (received) append(received);
    received = '';
    progress();
  };
  const reader = response.body.getReader();
  while (!done) {
    const { value, done: ended } = await reader.read();
    try {
      if (ended) parser.end();
      else parser.push(value);
    } finally {
      // Text received before an error is still the model's.
      show();
    }
    if (ended) break;
  }
  if (!done) throw new Error('The connection ended before the answer was complete.');
  return reason;
}

function setRunning(controller) {
  generation = controller;
  const running = controller !== null;
  const hadFocus = running ? $('generate') : $('stop');
  const focused = document.activeElement === hadFocus;
  $('generate').disabled = running;
  $('stop').disabled = !running;
  prompt.readOnly = running;
  // A disabled button drops the focus, and with it a keyboard user's place.
  if (focused) (running ? $('stop') : $('generate')).focus();
  $('playground').classList.toggle('running', running);
  if (running) markBarsStale();
  render();
}

$('playground').addEventListener('submit', (event) => {
  event.preventDefault();
  generate();
});
$('stop').addEventListener('click', () => generation?.abort());
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    if ($('key-form').contains(event.target)) return;
    event.preventDefault();
    generate();
  } else if (event.key === 'Escape') {
    generation?.abort();
  }
});

const announce = (message) => {
  $('announcement').textContent = message;
};
const setStatus = (message) => {
  $('status').textContent = message;
};

function showError(failure) {
  $('error-message').textContent = failure.message;
  $('error-detail').textContent = failure.detail ?? '';
  $('error').hidden = false;
  // On a small screen it may be out of view.
  $('error').scrollIntoView({ block: 'nearest' });
}

function clearError() {
  $('error').hidden = true;
  $('error-message').textContent = '';
  $('error-detail').textContent = '';
  announce('');
}

// --- Next-token bars ---------------------------------------------------------------------------

let barsTimer = 0;
let barsRequest = null;
/** The tokens behind the bars, or null while they belong to an older text. */
let candidates = null;

function markBarsStale() {
  candidates = null;
  clearTimeout(barsTimer);
  barsRequest?.abort();
  $('bars').classList.add('stale');
  for (const button of $('bars').querySelectorAll('button')) {
    button.setAttribute('aria-disabled', 'true');
  }
}

function refreshBarsSoon(milliseconds) {
  clearTimeout(barsTimer);
  barsTimer = setTimeout(refreshBars, milliseconds);
}

async function refreshBars() {
  if (generation) return;
  clearTimeout(barsTimer);
  barsRequest?.abort();
  const { signal } = (barsRequest = new AbortController());
  try {
    const response = await call('./v1/next-token', { prompt: text, top_k: TOP_K }, signal);
    const answer = await response.json();
    if (!signal.aborted) showBars(answer);
  } catch (failure) {
    if (signal.aborted) return;
    $('bars').replaceChildren();
    $('entropy').textContent = '';
    $('length').textContent = '';
    $('bars-message').textContent = failure.message;
    if (failure.status === 429 || failure.status === 503) {
      refreshBarsSoon(failure.retryAfter * 1000 || RETRY_MS);
    }
  }
}

function showBars(answer) {
  candidates = answer.top;
  $('entropy').textContent = `entropy ${answer.entropy_bits.toFixed(2)} bits`;
  const limit = model?.max_model_len ? ` of ${model.max_model_len}` : '';
  $('length').textContent = `${answer.prompt_tokens}${limit} tokens`;

  // Rows are reused, so that the focus stays where it is and widths are animated.
  const list = $('bars');
  while (list.children.length > candidates.length) list.lastElementChild.remove();
  while (list.children.length < candidates.length) list.append(barRow(list.children.length));
  candidates.forEach((candidate, i) => fillBar(list.children[i].firstElementChild, candidate));
  list.classList.remove('stale');

  const others = 1 - candidates.reduce((sum, { probability }) => sum + probability, 0);
  $('bars-message').textContent = `All other tokens together: ${percent(Math.max(0, others))}`;
}

function barRow(index) {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  for (const part of ['token', 'track', 'probability']) {
    const span = document.createElement('span');
    span.className = part;
    button.append(span);
  }
  button.children[1].append(document.createElement('span'));
  button.addEventListener('click', () => appendCandidate(index));
  row.append(button);
  return row;
}

function fillBar(button, candidate) {
  const [token, track, probability] = button.children;
  const why = whyNotAppended(candidate);
  token.replaceChildren(...visible(candidate));
  track.firstElementChild.style.width = `${candidate.probability * 100}%`;
  probability.textContent = percent(candidate.probability);
  button.setAttribute('aria-disabled', String(why !== ''));
  const name = isPartial(candidate) ? `the bytes ${hex(candidate.bytes)}` : JSON.stringify(candidate.token);
  button.setAttribute('aria-label', `Append ${name}, probability ${percent(candidate.probability)}`);
  button.title = `${name} · id ${candidate.token_id} · log-probability ${candidate.logprob.toFixed(3)}${why}`;
}

function appendCandidate(index) {
  const candidate = candidates?.[index];
  if (!candidate || generation || whyNotAppended(candidate)) return;
  remember();
  typing = false;
  clearError();
  append(candidate.token);
  refreshBars();
}

const percent = (p) => `${(p * 100).toFixed(p < 0.001 ? 3 : p < 0.1 ? 2 : 1)} %`;

const hex = (bytes) => bytes.map((b) => b.toString(16).toUpperCase().padStart(2, '0')).join(' ');

/** Whether the token is a part of a character: its name then differs from its bytes. */
function isPartial({ token, bytes }) {
  if (!token.startsWith('bytes:')) return false;
  const own = new TextEncoder().encode(token);
  return own.length !== bytes.length || own.some((b, i) => b !== bytes[i]);
}

/** The reason why the token cannot be appended to the text, or nothing. */
function whyNotAppended(candidate) {
  if (candidate.bytes.length === 0) return ' · stands for no text';
  return isPartial(candidate) ? ' · part of a character, cannot stand alone' : '';
}

const SIGNS = { ' ': '␣', '\n': '↵', '\r': '␍', '\t': '⇥' };

/** The token with its white space and other invisible characters made visible, as DOM nodes. */
function visible(candidate) {
  if (isPartial(candidate)) return [sign(hex(candidate.bytes))];
  if (candidate.bytes.length === 0) return [sign('no text')];
  // \p{Cf} has the joiners and direction marks, \p{Z} every other kind of space.
  return candidate.token
    .split(/([\p{Cc}\p{Cf}\p{Z}])/u)
    .filter(Boolean)
    .map((part) => {
      if (SIGNS[part]) return sign(SIGNS[part]);
      if (!/^[\p{Cc}\p{Cf}\p{Z}]$/u.test(part)) return document.createTextNode(part);
      return sign(`U+${part.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
    });
}

function sign(string) {
  const span = document.createElement('span');
  span.className = 'sign';
  span.textContent = string;
  return span;
}

// --- The model ---------------------------------------------------------------------------------

function showModel(parts) {
  $('model').replaceChildren(
    ...parts.filter(Boolean).map((part) => {
      const item = document.createElement('li');
      item.textContent = part;
      return item;
    }),
  );
}

function parameters(count) {
  if (!count) return '';
  return count < 1e9 ? `${(count / 1e6).toPrecision(3)}M parameters` : `${(count / 1e9).toPrecision(3)}B parameters`;
}

async function start() {
  try {
    [model] = (await (await call('./v1/models')).json()).data;
    showModel([model.id, model.dtype, model.device, parameters(model.parameters)]);
    if (model.max_model_len) $('max-tokens').max = model.max_model_len;
  } catch (failure) {
    if (failure.status === 503) {
      showModel(['loading the model…']);
      setTimeout(start, failure.retryAfter * 1000 || RETRY_MS);
      return;
    }
    // Without a key the form already says so.
    const locked = failure.status === 401;
    showModel([locked ? 'API key needed' : 'no model']);
    if (!locked) showError(failure);
    return;
  }
  refreshBars();
}

render();
start();
