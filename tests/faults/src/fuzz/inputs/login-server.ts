import { Commands, encodePdu } from '@teamtalk/protocol';
import type { Random } from '../../chaos/schedules/random.js';
import type { StreamInput } from '../making/input.js';
import { inChunks, PduMaker } from '../making/pdu-maker.js';
import { bytesOf, type Known } from '../making/values.js';

const markerSeq = 0xbeef;
/** Command and sequence number of the answer to the last request. */
const marker = Buffer.from([0x01, 0x02, 0xbe, 0xef]);

/** What is asked of login_server by TCP: as many wrong PDUs as it takes, then mostly the right one. */
export class LoginServerInputs {
  readonly #random: Random;
  readonly #pdus: PduMaker;

  constructor(random: Random, known: Known) {
    this.#random = random;
    this.#pdus = new PduMaker(random, known, [[Commands.LoginReqUserlogin, 1]]);
  }

  makeStream(): StreamInput {
    const random = this.#random;
    const pdus: Buffer[] = [];
    for (let i = random.between(0, 22); i > 0; i--) {
      const pdu = this.#pdus.next();
      // It refuses longer ones.
      pdus.push(pdu.length > 1_024 && random.chance(0.99) ? this.#pdus.heartbeat() : pdu);
    }
    const isBroken = random.chance(0.13);
    if (isBroken) {
      pdus.push(random.chance(0.8) ? this.#pdus.broken() : bytesOf(random, random.between(1, 2_000)));
    }
    if (random.chance(0.1)) {
      pdus.push(encodePdu(Commands.LoginReqMsgserver, {}, random.between(0, 0xffff)), this.#pdus.make());
    }
    pdus.push(encodePdu(Commands.LoginReqMsgserver, {}, markerSeq));
    return {
      kind: 'stream',
      service: 'login_server',
      port: 'tcp',
      chunks: inChunks(random, pdus),
      // After a broken one the last may be part of another.
      ...(!isBroken && { marker }),
      ending: random.chance(0.9) ? 'end' : 'destroy',
    };
  }
}
