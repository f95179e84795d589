import { Commands, encodePdu } from '@teamtalk/protocol';
import type { Random } from '../../chaos/schedules/random.js';
import type { StreamInput } from '../making/input.js';
import { inChunks, PduMaker } from '../making/pdu-maker.js';
import { bytesOf, type Known } from '../making/values.js';

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
    if (random.chance(0.1)) pdus.push(this.#pdus.broken());
    else if (random.chance(0.03)) pdus.push(bytesOf(random, random.between(1, 2_000)));
    pdus.push(encodePdu(Commands.LoginReqMsgserver, {}, random.between(0, 0xffff)));
    if (random.chance(0.1)) pdus.push(this.#pdus.make());
    return {
      kind: 'stream',
      service: 'login_server',
      port: 'tcp',
      chunks: inChunks(random, pdus),
      ending: random.chance(0.9) ? 'end' : 'destroy',
    };
  }
}
