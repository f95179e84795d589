import { type Topic, teamtalk, topics } from '@teamtalk/bus';
import { serviceNames } from '@teamtalk/local-stack';
import type protobuf from 'protobufjs';
import type { Random } from '../../chaos/schedules/random.js';
import type { BusInput } from '../making/input.js';
import { MessageMaker } from '../making/message-maker.js';
import { messageType } from '../making/schema.js';
import { bytesOf, type Known } from '../making/values.js';

/**
 * What ends clients' connections, or puts bytes into all of them, because a service that may publish it has said so: not
 * a question of whether it is well-formed.
 */
const authority = new Set([
  '.teamtalk.bus.NodeEvent.evicted',
  '.teamtalk.bus.NodeEvent.broadcast',
  '.teamtalk.bus.SnapshotRequest.missed_connections',
  '.teamtalk.bus.StoredBatch.store_epoch',
  '.teamtalk.bus.DeliverBatch.store_epoch',
]);

/** What `authority` names, of whichever event it is. */
interface Saying {
  evicted?: unknown;
  broadcast?: unknown;
  missedConnections?: unknown[];
  storeEpoch?: number;
  deliver?: { storeEpoch?: number } | null;
}

interface Subject {
  subject: string;
  decode: (bytes: Uint8Array) => unknown;
  type: protobuf.Type;
  isRequest: boolean;
}

type AnyTopic = Topic<never, unknown>;

/** A subject of an instance or a service is one for each of them. */
function topicsOf(topic: (typeof topics)[keyof typeof topics], instances: readonly number[]) {
  if (typeof topic !== 'function') return [topic];
  if (topic === topics.heartbeat) return serviceNames.map((service) => topics.heartbeat(service));
  return instances.map((instance) => (topic as (instance: number) => { subject: string })(instance));
}

/** Events for every subject of the bus. */
export class BusInputs {
  readonly #random: Random;
  readonly #messages: MessageMaker;
  readonly #subjects: Subject[];

  /** @param instances those that are up, which have subjects of their own */
  constructor(random: Random, known: Known, instances: readonly number[]) {
    this.#random = random;
    this.#messages = new MessageMaker(random, known, authority);
    this.#subjects = Object.values(topics).flatMap((topic) => {
      return topicsOf(topic, instances).map((one) => ({
        subject: one.subject,
        decode: (bytes) => (one as unknown as AnyTopic).event.decode(bytes),
        type: messageType(nameOf(one as unknown as AnyTopic)),
        isRequest: 'answer' in one,
      }));
    });
  }

  get subjects(): readonly string[] {
    return this.#subjects.map(({ subject }) => subject);
  }

  make(): BusInput {
    for (;;) {
      const random = this.#random;
      const chosen = random.pick(this.#subjects);
      const bytes = this.#bytesFor(chosen);
      if (isAuthority(chosen.subject) && saysAuthority(chosen, bytes)) continue;
      // Sometimes without the reply subject that its answer would go to.
      const isRequest = chosen.isRequest && random.chance(0.9);
      return { kind: 'bus', subject: chosen.subject, isRequest, bytes };
    }
  }

  #bytesFor({ subject, type }: Subject): Buffer {
    const random = this.#random;
    const draw = isAuthority(subject) ? 0 : random.next();
    const bytes =
      draw < 0.75
        ? this.#messages.make(type, random.pick([0, 0.1, 0.5]))
        : draw < 0.9
          ? this.#messages.make(random.pick(this.#subjects).type, 0)
          : bytesOf(random, random.pick([0, 1, 20, 1_000]));
    return Buffer.from(bytes);
  }
}

/** Whether what another type of event has in the same place would say what `authority` is about. */
function isAuthority(subject: string): boolean {
  return /^(presence\.snapshot|node|stored|every-node)\b/.test(subject);
}

/**
 * A number that is too long, or a length that is wrong, can make one of these fields of what stands beside it: a store epoch
 * of 2^32 - 1 would disconnect all clients, and no message would be delivered after it.
 */
function saysAuthority({ decode }: Subject, bytes: Uint8Array): boolean {
  try {
    const event = decode(bytes) as Saying;
    const { evicted, broadcast, missedConnections = [], storeEpoch, deliver } = event;
    return Boolean(evicted || broadcast || missedConnections.length > 0 || storeEpoch || deliver?.storeEpoch);
  } catch {
    return false;
  }
}

function nameOf({ event }: AnyTopic): string {
  const [name] = Object.entries(teamtalk.bus).find(([, value]) => (value as unknown) === event) ?? [];
  if (name === undefined) throw new Error('the type of an event is not in bus.proto');
  return `teamtalk.bus.${name}`;
}
