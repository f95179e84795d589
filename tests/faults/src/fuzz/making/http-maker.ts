import type { Random } from '../../chaos/schedules/random.js';
import type { StreamInput } from './input.js';
import { inChunks } from './pdu-maker.js';
import { bytesOf, hostileText } from './values.js';

export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

type Target = Pick<StreamInput, 'service' | 'port'>;

/** Writes requests, of which some are not what RFC 9112 has. */
export class HttpMaker {
  readonly random: Random;
  readonly #target: Target;

  constructor(random: Random, target: Target) {
    this.random = random;
    this.#target = target;
  }

  /** A kept-alive connection with some requests, the last of which may be broken. */
  makeStream(request: () => HttpRequest, most = 20): StreamInput {
    const { random } = this;
    const requests: Buffer[] = [];
    const count = random.between(1, most);
    for (let i = 1; i < count; i++) requests.push(this.bytesOf(request(), false));
    requests.push(random.chance(0.08) ? this.#broken(request()) : this.bytesOf(request(), true));
    const ending = random.chance(0.95) ? 'end' : 'destroy';
    return { kind: 'stream', ...this.#target, chunks: inChunks(random, requests), ending };
  }

  bytesOf({ method, path, headers, body }: HttpRequest, isLast: boolean): Buffer {
    const { random } = this;
    const all: Record<string, string> = { Host: 'fuzz', ...headers };
    if (isLast) all.Connection = 'close';
    if (random.chance(0.05)) Object.assign(all, this.#oddHeader());
    const chunked = body !== undefined && random.chance(0.1);
    if (chunked) all['Transfer-Encoding'] = 'chunked';
    else if (body !== undefined) all['Content-Length'] = String(body.length);
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    if (body === undefined) return head;
    return Buffer.concat(chunked ? [head, ...this.#inHttpChunks(body)] : [head, body]);
  }

  #inHttpChunks(body: Buffer): Buffer[] {
    const parts: Buffer[] = [];
    for (let at = 0; at < body.length; ) {
      const part = body.subarray(at, at + this.random.between(1, 100));
      parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
      at += part.length;
    }
    return [...parts, Buffer.from('0\r\n\r\n')];
  }

  #oddHeader(): Record<string, string> {
    const { random } = this;
    return random.pick<Record<string, string>>([
      { 'Content-Type': 'text/plain; charset=utf-99' },
      { 'Content-Encoding': 'gzip' },
      { 'Accept-Encoding': 'br;q=nan' },
      { 'X-Forwarded-For': '1.1.1.1, ::ffff:999.1.1.1, garbage' },
      { Range: 'bytes=9-1,0-,-1' },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': 'yesterday' },
      { Cookie: 'a='.repeat(500) },
      { 'X-Long': 'x'.repeat(4_000) },
      { Expect: '100-continue' },
      { Origin: 'null' },
      { traceparent: '00-ffffffffffffffffffffffffffffffff-0000000000000000-zz' },
      { 'Idempotency-Key': 'same' },
      { 'Idempotency-Key': 'x'.repeat(300) },
    ]);
  }

  #broken(request: HttpRequest): Buffer {
    const { random } = this;
    const bytes = this.bytesOf(request, true);
    switch (random.between(0, 7)) {
      case 0:
        return bytes.subarray(0, random.between(1, bytes.length - 1));
      case 1: {
        const at = random.between(0, bytes.length - 1);
        bytes[at]! ^= 1 << random.between(0, 7);
        return bytes;
      }
      case 2:
        return Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx');
      case 3:
        return Buffer.from(
          'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nffffffffff\r\n',
        );
      case 4:
        return Buffer.from(`GET /${hostileText(random)} HTTP/9.9\r\n\r\n`);
      case 5:
        return Buffer.from(`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(3_000)}\r\n`);
      case 6:
        return Buffer.from(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
      default:
        return bytesOf(random, random.between(1, 500));
    }
  }
}
