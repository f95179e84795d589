import protobuf from 'protobufjs';
import type { Random } from '../../chaos/schedules/random.js';
import type { CallInput } from '../making/input.js';
import { MessageMaker } from '../making/message-maker.js';
import { schema } from '../making/schema.js';
import { bytesOf, type Known } from '../making/values.js';

/** Methods that leave something behind for ever are called more rarely. */
const keeps = /\/Create(User|Group|Department|Discovery|Broadcast)$/;

interface CalledMethod {
  path: string;
  type: protobuf.Type;
  isStream: boolean;
}

/** Calls of every method of db_proxy_server. */
export class CallInputs {
  readonly #random: Random;
  readonly #messages: MessageMaker;
  readonly #methods = [...methodsOf(schema)];

  constructor(random: Random, known: Known) {
    this.#random = random;
    this.#messages = new MessageMaker(random, known);
  }

  get paths(): readonly string[] {
    return this.#methods.map(({ path }) => path);
  }

  make(): CallInput {
    const random = this.#random;
    const { path, type, isStream } = random.pick(this.#methods);
    if (keeps.test(path) && random.chance(0.95)) return this.make();
    const count = isStream ? random.between(0, 5) : 1;
    const messages = Array.from({ length: count }, () => {
      return random.chance(0.9)
        ? Buffer.from(this.#messages.make(type, random.pick([0, 0.1, 0.5])))
        : bytesOf(random, random.between(0, 60));
    });
    const called = random.chance(0.01) ? `${path}Not` : path;
    return { kind: 'call', path: called, isStream, messages };
  }
}

function* methodsOf(namespace: protobuf.NamespaceBase): Iterable<CalledMethod> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Service) {
      for (const method of nested.methodsArray) {
        method.resolve();
        yield {
          path: `/${nested.fullName.slice(1)}/${method.name}`,
          type: method.resolvedRequestType!,
          isStream: method.requestStream === true,
        };
      }
    } else if (nested instanceof protobuf.Namespace) yield* methodsOf(nested);
  }
}
