import type { Frame } from '@teamtalk/local-stack';
import {
  type AnyCommand,
  Commands as C,
  commandById,
  decodeBody,
  isGroupMessageType,
  serviceIdOf,
} from '@teamtalk/protocol';
import { answerOf, ownId, pushes, splittable } from './answers.js';
import { nameOf } from './command-name.js';
import type { DifferenceId } from './original.js';
import type { Profile } from './profiles.js';

/** Android takes larger message ids for its own local ones (client-behaviour.md#message-ids). */
const msgIdEnd = 90_000_000;

/** What is wrong with a PDU. */
interface Problem {
  text: string;
  /** the known difference of an original server, if it is one */
  known?: DifferenceId | undefined;
}

interface Asked {
  request: AnyCommand | undefined;
  /** times it was sent with this seq_num, and times it was answered */
  sent: number;
  answered: number;
}

/**
 * Checks every PDU that a client gets, whatever the case is about: header, schema, seq_num, ids, order of messages, and
 * the limits of the client's profile. Keeps the first violation; with `legacy`, the known differences of an original
 * server are collected apart.
 */
export class Rules {
  /** Undefined as long as there is none. */
  violation: string | undefined;
  /** Known differences of an original, each with the first PDU that showed it. */
  readonly known = new Map<DifferenceId, string>();
  readonly #legacy: boolean;
  readonly #profile: Profile;
  readonly #asked = new Map<number, Asked>();
  readonly #latest = new Map<string, number>();
  /** 0 before the login. */
  userId = 0;

  constructor(profile: Profile, { legacy = false } = {}) {
    this.#profile = profile;
    this.#legacy = legacy;
  }

  /** Records that the client sends a PDU with this seq_num. */
  sent(commandId: number, seqNum: number): void {
    const request = commandById(commandId);
    const asked = this.#asked.get(seqNum);
    if (asked && asked.request === request) asked.sent++;
    else this.#asked.set(seqNum, { request, sent: 1, answered: 0 });
  }

  /** Checks a PDU that the client got. */
  received(frame: Frame): void {
    for (const rule of [this.#headerProblem, this.#seqProblem, this.#bodyProblem]) {
      const problem = rule.call(this, frame);
      if (!problem) continue;
      const text = `${nameOf(frame.commandId)}: ${problem.text}`;
      if (!this.#legacy || !problem.known) {
        this.violation ??= text;
        return;
      }
      if (!this.known.has(problem.known)) this.known.set(problem.known, text);
    }
  }

  #headerProblem({
    length,
    version,
    flag,
    serviceId,
    commandId,
    reserved,
    body,
  }: Frame): Problem | undefined {
    const direction = commandById(commandId)?.direction;
    if (!direction) return { text: 'no command of the protocol' };
    if (direction === 'client-to-server' || direction === 'between-servers') {
      return { text: 'never sent to a client' };
    }
    if (version !== 1) return { text: `version ${version} instead of 1` };
    if (flag !== 0 || reserved !== 0) return { text: `flag ${flag}, reserved ${reserved} instead of 0` };
    if (serviceId !== serviceIdOf(commandId)) return { text: `service_id ${serviceId}` };
    if (length > this.#profile.maxFrame) {
      return { text: `${length} bytes, more than the client takes`, known: 'original-no-limits' };
    }
    const isHeartbeat = commandId === C.OtherHeartbeat.id;
    if (body.length === 0 && !isHeartbeat && this.#profile.ignoresEmptyBodies) {
      return { text: 'no body: the client throws it away', known: knownOfBody(commandId) };
    }
    return undefined;
  }

  #seqProblem({ commandId, seqNum }: Frame): Problem | undefined {
    if (pushes.has(commandId)) {
      if (seqNum === 0) return undefined;
      const text = `seq_num ${seqNum} on what the server started by itself`;
      return { text, known: 'defect-forwarded-header' };
    }
    const asked = this.#asked.get(seqNum);
    const answer = asked?.request && answerOf.get(asked.request.id);
    if (!asked || answer?.id !== commandId) {
      const whose = asked?.request ? `that of ${asked.request.name}` : 'of no request';
      return { text: `seq_num ${seqNum} is ${whose}` };
    }
    asked.answered++;
    const mayBeSplit = splittable.has(commandId) && !this.#profile.firstAnswerOnly;
    return asked.answered > asked.sent && !mayBeSplit
      ? { text: `${asked.answered} answers to ${asked.sent} requests` }
      : undefined;
  }

  #bodyProblem({ commandId, body }: Frame): Problem | undefined {
    const command = commandById(commandId)!;
    let message: Record<string, unknown>;
    try {
      // A missing required field and an unknown enum value are errors, as they are for the clients.
      message = decodeBody<object>(command, body) as Record<string, unknown>;
    } catch (error) {
      return { text: (error as Error).message, known: knownOfBody(commandId) };
    }
    if (ownId.has(commandId) && 'userId' in message && message.userId !== this.userId) {
      return { text: `user_id ${message.userId} instead of the user's own ${this.userId}` };
    }
    return this.#messageProblem(commandId, message) ?? attachProblem(message);
  }

  #messageProblem(commandId: number, message: Record<string, unknown>): Problem | undefined {
    if (commandId !== C.MsgData.id && commandId !== C.MsgDataAck.id) return undefined;
    const msgId = message.msgId as number;
    if (msgId <= 0 || msgId >= msgIdEnd) return { text: `msg_id ${msgId}` };
    if (commandId !== C.MsgData.id) return undefined;
    const session = isGroupMessageType(message.msgType as number)
      ? `group ${message.toSessionId}`
      : `users ${[message.fromUserId, message.toSessionId].sort()}`;
    const latest = this.#latest.get(session) ?? 0;
    this.#latest.set(session, msgId);
    if (msgId > latest) return undefined;
    const text = `msg_id ${msgId} of ${session} after ${latest}`;
    // The same id twice is a duplicate, not another order.
    return msgId < latest ? { text, known: 'defect-reordered' } : { text };
  }
}

/** The known difference of the one answer that an original sends without its required fields. */
function knownOfBody(commandId: number): DifferenceId | undefined {
  return commandId === C.LoginResDevicetoken.id ? 'fix-device-token-answer' : undefined;
}

function attachProblem(message: Record<string, unknown>): Problem | undefined {
  return Object.hasOwn(message, 'attachData')
    ? { text: 'bears attach_data', known: 'defect-forwarded-header' }
    : undefined;
}
