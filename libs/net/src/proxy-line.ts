import { isIP } from 'node:net';
import { type ProxyHeader, ProxyHeaderError, type ProxyParser, shortestForm } from './proxy-header.js';

const lineStart = Buffer.from('PROXY ', 'latin1');
/** Maximum length of the line including CRLF, bytes. */
const maxLineLength = 107;

/** Parses a PROXY header of version 1, a line of text (HAProxy specification), however its bytes are split. */
export class ProxyLineParser implements ProxyParser {
  readonly #bytes = Buffer.allocUnsafeSlow(maxLineLength);
  #length = 0;

  push(chunk: Buffer): ProxyHeader | undefined {
    const before = this.#length;
    this.#length += chunk.copy(this.#bytes, before);
    const received = this.#bytes.subarray(0, this.#length);
    const count = Math.min(this.#length, lineStart.length);
    if (lineStart.compare(received, 0, count, 0, count) !== 0) throw new ProxyHeaderError('no-header');
    const end = received.indexOf('\r\n');
    if (end !== -1) {
      const line = received.toString('latin1', lineStart.length, end);
      return { address: addressOf(line), rest: chunk.subarray(end + 2 - before) };
    }
    if (this.#length === maxLineLength) throw new ProxyHeaderError('length');
    return undefined;
  }
}

/** @param line such as `TCP4 203.0.113.7 10.0.0.1 54321 8000`. @returns undefined for `UNKNOWN`, whatever follows it */
function addressOf(line: string): string | undefined {
  const [protocol, ...rest] = line.split(' ');
  if (protocol === 'UNKNOWN') return undefined;
  if (protocol !== 'TCP4' && protocol !== 'TCP6') throw new ProxyHeaderError('family');
  const [source = '', target = '', ...ports] = rest;
  const family = protocol === 'TCP4' ? 4 : 6;
  const isWhole = isIP(source) === family && isIP(target) === family && ports.length === 2;
  if (!isWhole || !ports.every(isPort)) throw new ProxyHeaderError('address');
  return family === 4 ? source : shortestForm(source);
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
