import { readFileSync } from 'node:fs';
import {
  type AnyCommand,
  allCommands,
  Commands,
  encodeRawPdu,
  HEADER_LENGTH,
  writeHeader,
} from '@teamtalk/protocol';
import type protobuf from 'protobufjs';
import type { Random } from '../../chaos/schedules/random.js';
import { MessageMaker } from './message-maker.js';
import { goldenFile, messageType } from './schema.js';
import { bytesOf, type Known } from './values.js';

/** PDUs made by another encoder. */
const golden = (JSON.parse(readFileSync(goldenFile, 'utf8')) as { pdus: { pdu: string }[] }).pdus.map(
  ({ pdu }) => Buffer.from(pdu, 'hex'),
);

const types = new Map<number, protobuf.Type>(
  allCommands.map((command) => [command.id, messageType(command.message)]),
);

/** Without the one that ends the session, which is sent on purpose. */
const fromClients: readonly AnyCommand[] = allCommands.filter(
  ({ direction, id }) => direction !== 'server-to-client' && id !== Commands.LoginReqLoginout.id,
);

/** A command, and how often it is sent. */
export type Weights = readonly (readonly [AnyCommand, number])[];

/** PDUs that are sent more than once, between other ones each time: most of the time goes to whoever reads them. */
const stockSize = 1_000;
/** How likely one of them is replaced by a new one. */
const newOnes = 0.15;

/** Makes PDUs: valid ones, ones with wrong bodies, wrong headers and unknown commands. */
export class PduMaker {
  readonly random: Random;
  readonly #messages: MessageMaker;
  readonly #bag: AnyCommand[] = [];
  readonly #stock: Buffer[] = [];

  constructor(random: Random, known: Known, weights: Weights) {
    this.random = random;
    this.#messages = new MessageMaker(random, known);
    for (const [command, weight] of weights) {
      for (let i = 0; i < weight; i++) this.#bag.push(command);
    }
  }

  /** A PDU that the stream can go on after; not to be changed. */
  next(): Buffer {
    const { random } = this;
    if (this.#stock.length < stockSize) {
      const pdu = this.make();
      this.#stock.push(pdu);
      return pdu;
    }
    const at = random.between(0, stockSize - 1);
    if (random.chance(newOnes)) this.#stock[at] = this.make();
    return this.#stock[at]!;
  }

  /** A new one. */
  make(): Buffer {
    const { random } = this;
    const draw = random.next();
    if (draw < 0.5) return this.of(random.pick(this.#bag), random.chance(0.6) ? 0.25 : 0);
    if (draw < 0.65) return this.of(random.pick(fromClients), 0.7);
    if (draw < 0.75) return this.#damaged(random.pick(golden));
    if (draw < 0.8) return this.of(random.pick(allCommands), 0.1);
    if (draw < 0.85)
      return encodeRawPdu(random.between(0, 0xffff), bytesOf(random, random.between(0, 40)), 1);
    return this.heartbeat();
  }

  /** @param hostility how likely each field is to be wrong, from 0 to 1 */
  of(command: AnyCommand, hostility: number): Buffer {
    const { random } = this;
    const body = this.#messages.make(types.get(command.id)!, hostility);
    const pdu = encodeRawPdu(command.id, body, random.between(0, 0xffff));
    return random.chance(0.1) ? this.#otherHeader(pdu) : pdu;
  }

  heartbeat(): Buffer {
    const { random } = this;
    const length = random.chance(0.05) ? random.between(0, 200) : 0;
    const pdu = encodeRawPdu(Commands.OtherHeartbeat.id, Buffer.alloc(length, 7), random.between(0, 0xffff));
    return random.chance(0.2) ? this.#otherHeader(pdu) : pdu;
  }

  /** After it the stream is out of step, or over. */
  broken(): Buffer {
    const { random } = this;
    const pdu = this.make();
    switch (random.between(0, 4)) {
      case 0:
        pdu.writeUInt32BE(random.pick([0, 1, 15, 0x7fffffff, 0x80000000, 0xffffffff, 1_048_577]), 0);
        return pdu;
      case 1:
        pdu.writeUInt32BE(Math.max(HEADER_LENGTH, pdu.length + random.between(-20, 20)), 0);
        return pdu;
      case 2:
        return pdu.subarray(0, random.between(1, pdu.length - 1));
      case 3:
        return bytesOf(random, random.between(1, 200));
      default: {
        // Says it has a megabyte to come.
        pdu.writeUInt32BE(random.pick([262_144, 1_048_576]), 0);
        return pdu;
      }
    }
  }

  /** Service, version, flag and reserved are not what clients send. */
  #otherHeader(pdu: Buffer): Buffer {
    const { random } = this;
    writeHeader(pdu, {
      length: pdu.length,
      commandId: pdu.readUInt16BE(10),
      seqNum: random.between(0, 0xffff),
      version: random.between(0, 0xffff),
      flag: random.between(0, 0xffff),
      serviceId: random.between(0, 0xffff),
      reserved: random.between(0, 0xffff),
    });
    return pdu;
  }

  /** Bytes of its body turned, taken out, put in or repeated. */
  #damaged(pdu: Buffer): Buffer {
    const { random } = this;
    let body = Buffer.from(pdu.subarray(HEADER_LENGTH));
    for (let times = random.between(1, 3); times > 0 && body.length > 0; times--) {
      const at = random.between(0, body.length - 1);
      const draw = random.between(0, 3);
      if (draw === 0) body[at]! ^= 1 << random.between(0, 7);
      else if (draw === 1) body = body.subarray(0, at);
      else if (draw === 2) {
        body = Buffer.concat([
          body.subarray(0, at),
          bytesOf(random, random.between(1, 8)),
          body.subarray(at),
        ]);
      } else body = Buffer.concat([body, body.subarray(at)]);
    }
    return encodeRawPdu(pdu.readUInt16BE(10), body, random.between(0, 0xffff));
  }
}

/** The same bytes in other writes: as they are, joined, cut at random or at every byte. */
export function inChunks(random: Random, pdus: readonly Buffer[]): Buffer[] {
  const all = Buffer.concat(pdus);
  const draw = random.next();
  if (draw < 0.03 && all.length < 4_000) return Array.from(all, (_, i) => all.subarray(i, i + 1));
  const largest = draw < 0.06 ? 200 : draw < 0.2 ? 5_000 : 65_536;
  const chunks: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const end = at + random.between(1, largest);
    chunks.push(all.subarray(at, end));
    at = end;
  }
  return chunks;
}
