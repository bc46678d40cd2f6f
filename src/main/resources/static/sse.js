/**
 * Server-sent events out of bytes, as the HTML standard reads them (section 9.2.6), for responses of
 * fetch: EventSource can neither POST nor send an Authorization header.
 *
 * Bytes may be cut anywhere, inside a character or between CR and LF.
 */
export class SseParser {
  #decoder = new TextDecoder('utf-8');
  #onEvent;
  #rest = '';
  #type = '';
  #data = [];

  /** @param {(event: {type: string, data: string}) => void} onEvent called once for each event */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  /** @param {Uint8Array} bytes the next piece of the body */
  push(bytes) {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A CR at the very end may be half of a CRLF: wait for what follows.
      if (end < 0 || (this.#rest[end] === '\r' && end + 1 === this.#rest.length)) return;
      const line = this.#rest.slice(0, end);
      const crlf = this.#rest.startsWith('\r\n', end);
      this.#rest = this.#rest.slice(end + (crlf ? 2 : 1));
      this.#line(line);
    }
  }

  /** The body has ended: a CR held back ends its line; an event without its blank line is dropped. */
  end() {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = '';
    if (rest.endsWith('\r')) this.#line(rest.slice(0, -1));
  }

  #line(line) {
    if (line === '') {
      if (this.#data.length > 0) {
        this.#onEvent({ type: this.#type || 'message', data: this.#data.join('\n') });
      }
      this.#type = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
  }
}
