import type { Random } from '../../chaos/schedules/random.js';
import type { Conversation, StreamInput } from '../making/input.js';
import { inChunks } from '../making/pdu-maker.js';
import { bytesOf } from '../making/values.js';

const upgrade = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '',
  '',
].join('\r\n');

const brokenUpgrades = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  upgrade.replace('13', '99'),
  upgrade.replace('AAAAAAAAAAAAAAAAAAAAAA==', 'short'),
  upgrade.replace('GET', 'POST'),
  upgrade.replace('Upgrade: websocket', 'Upgrade: h2c'),
  upgrade.replace('Host', 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\nHost'),
  upgrade.slice(0, 60),
];

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The same PDUs as by TCP, in frames of which some are not what RFC 6455 has. */
export class WebSocketInputs {
  readonly #random: Random;
  readonly #service: 'msg_server' | 'file_server';
  readonly #pdus: { make(): Conversation };

  constructor(random: Random, service: 'msg_server' | 'file_server', pdus: { make(): Conversation }) {
    this.#random = random;
    this.#service = service;
    this.#pdus = pdus;
  }

  makeStream(): StreamInput {
    const random = this.#random;
    const where = { kind: 'stream', service: this.#service, port: 'ws' } as const;
    if (random.chance(0.03)) {
      return { ...where, chunks: [Buffer.from(random.pick(brokenUpgrades))], ending: 'end' };
    }
    const { login, pdus, ...rest } = this.#pdus.make();
    const opening: Buffer[] = [Buffer.from(upgrade)];
    const frames = pdus.flatMap((pdu) => this.#framesOf(pdu));
    if (random.chance(0.1))
      frames.splice(random.between(login ? 0 : 1, frames.length), 0, this.#wrongFrame());
    const chunks = inChunks(random, frames);
    if (!login) return { ...where, ...rest, chunks: [...opening, ...chunks] };
    opening.push(...inChunks(random, this.#framesOf(login.pdu)));
    return { ...where, ...rest, login: { chunks: opening, answer: login.answer }, chunks };
  }

  #framesOf(pdu: Buffer): Buffer[] {
    const random = this.#random;
    const frames: Buffer[] = [];
    if (random.chance(0.05)) frames.push(frame(opcodes.ping, bytesOf(random, random.between(0, 125))));
    if (random.chance(0.1) && pdu.length > 1) {
      const at = random.between(1, pdu.length - 1);
      frames.push(frame(opcodes.binary, pdu.subarray(0, at), { fin: false }));
      if (random.chance(0.2)) frames.push(frame(opcodes.ping, Buffer.from('between')));
      frames.push(frame(opcodes.continuation, pdu.subarray(at)));
    } else frames.push(frame(opcodes.binary, pdu));
    return frames;
  }

  #wrongFrame(): Buffer {
    const random = this.#random;
    const bytes = bytesOf(random, random.between(0, 130));
    switch (random.between(0, 8)) {
      case 0:
        return frame(opcodes.text, bytes);
      case 1:
        return frame(random.pick([3, 7, 11, 15]), bytes);
      case 2:
        return frame(opcodes.binary, bytes, { mask: false });
      case 3:
        return frame(opcodes.binary, bytes, { reserved: random.between(1, 7) });
      case 4:
        return frame(opcodes.continuation, bytes);
      case 5:
        return frame(opcodes.close, bytes.subarray(0, random.between(0, 3)));
      case 6:
        return frame(opcodes.ping, Buffer.alloc(126));
      case 7:
        return frame(opcodes.binary, bytes, { claimed: random.pick([0x7fffffff, 0xffffffff, 2_000_000]) });
      default:
        return frame(opcodes.binary, Buffer.concat([bytes, bytes]), { fin: false });
    }
  }
}

interface FrameOptions {
  fin?: boolean;
  mask?: boolean;
  /** the three reserved bits */
  reserved?: number;
  /** a length that is not that of the payload */
  claimed?: number;
}

/** A frame as clients send it, masked by a key of zeros, which leaves the payload as it is. */
function frame(
  opcode: number,
  payload: Buffer,
  { fin = true, mask = true, reserved = 0, claimed }: FrameOptions = {},
): Buffer {
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const masked = mask ? 0x80 : 0;
  if (claimed !== undefined) head.push(masked | 127, 0, 0, 0, 0, ...bytesOf32(claimed));
  else if (payload.length < 126) head.push(masked | payload.length);
  else if (payload.length < 65_536) head.push(masked | 126, payload.length >> 8, payload.length & 255);
  else head.push(masked | 127, 0, 0, 0, 0, ...bytesOf32(payload.length));
  if (mask) head.push(0, 0, 0, 0);
  return Buffer.concat([Buffer.from(head), payload]);
}

function bytesOf32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
