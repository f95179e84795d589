import {
  type AnyCommand,
  Commands as C,
  commandById,
  decodeBody,
  isGroupMessageType,
  serviceIdOf,
} from '@teamtalk/protocol';
import { answerOf, ownId, pushes, splittable } from './answers.js';
import type { Profile } from './profiles.js';
import { type Frame, nameOf } from './wire.js';

/** Android takes larger message ids for its own local ones (protocol notes, section 12). */
const msgIdEnd = 90_000_000;

interface Asked {
  request: AnyCommand | undefined;
  /** how often it was sent with this seq_num, and how often it was answered */
  sent: number;
  answered: number;
}

/**
 * What holds of every PDU any client gets at any time, whatever a case is about: header, schema, seq_num,
 * ids, order of messages, and what this client's profile would break on. The first that is broken is kept.
 */
export class Rules {
  /** Undefined as long as nothing was wrong. */
  violation: string | undefined;
  readonly #profile: Profile;
  readonly #asked = new Map<number, Asked>();
  readonly #latest = new Map<string, number>();
  /** 0 before the login. */
  userId = 0;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** The client sends something with this seq_num. */
  sent(commandId: number, seqNum: number): void {
    const request = commandById(commandId);
    const asked = this.#asked.get(seqNum);
    if (asked && asked.request === request) asked.sent++;
    else this.#asked.set(seqNum, { request, sent: 1, answered: 0 });
  }

  received(frame: Frame): void {
    const problem = this.#headerProblem(frame) ?? this.#seqProblem(frame) ?? this.#bodyProblem(frame);
    if (problem) this.violation ??= `${nameOf(frame.commandId)}: ${problem}`;
  }

  #headerProblem({ length, version, flag, serviceId, commandId, reserved, body }: Frame): string | undefined {
    const direction = commandById(commandId)?.direction;
    if (!direction) return 'no command of the protocol';
    if (direction === 'client-to-server' || direction === 'between-servers') return 'never sent to a client';
    if (version !== 1) return `version ${version} instead of 1`;
    if (flag !== 0 || reserved !== 0) return `flag ${flag}, reserved ${reserved} instead of 0`;
    if (serviceId !== serviceIdOf(commandId)) return `service_id ${serviceId}`;
    if (length > this.#profile.maxFrame) return `${length} bytes, more than the client takes`;
    const isHeartbeat = commandId === C.OtherHeartbeat.id;
    if (body.length === 0 && !isHeartbeat && this.#profile.ignoresEmptyBodies) {
      return 'no body: the client throws it away';
    }
    return undefined;
  }

  #seqProblem({ commandId, seqNum }: Frame): string | undefined {
    if (pushes.has(commandId)) {
      return seqNum === 0 ? undefined : `seq_num ${seqNum} on what the server started by itself`;
    }
    const asked = this.#asked.get(seqNum);
    const answer = asked?.request && answerOf.get(asked.request.id);
    if (!asked || answer?.id !== commandId) {
      return `seq_num ${seqNum} is ${asked?.request ? `that of ${asked.request.name}` : 'of no request'}`;
    }
    asked.answered++;
    const mayBeSplit = splittable.has(commandId) && !this.#profile.firstAnswerOnly;
    return asked.answered > asked.sent && !mayBeSplit
      ? `${asked.answered} answers to ${asked.sent} requests`
      : undefined;
  }

  #bodyProblem({ commandId, body }: Frame): string | undefined {
    const command = commandById(commandId)!;
    let message: Record<string, unknown>;
    try {
      // A required field that is missing and an unknown enum value are errors, as they are to the clients.
      message = decodeBody<object>(command, body) as Record<string, unknown>;
    } catch (error) {
      return (error as Error).message;
    }
    if (Object.hasOwn(message, 'attachData')) return 'bears attach_data';
    if (ownId.has(commandId) && 'userId' in message && message.userId !== this.userId) {
      return `user_id ${message.userId} instead of the user's own ${this.userId}`;
    }
    return this.#messageProblem(commandId, message);
  }

  #messageProblem(commandId: number, message: Record<string, unknown>): string | undefined {
    if (commandId !== C.MsgData.id && commandId !== C.MsgDataAck.id) return undefined;
    const msgId = message.msgId as number;
    if (msgId <= 0 || msgId >= msgIdEnd) return `msg_id ${msgId}`;
    if (commandId !== C.MsgData.id) return undefined;
    const session = isGroupMessageType(message.msgType as number)
      ? `group ${message.toSessionId}`
      : `users ${[message.fromUserId, message.toSessionId].sort()}`;
    const latest = this.#latest.get(session) ?? 0;
    this.#latest.set(session, msgId);
    return msgId > latest ? undefined : `msg_id ${msgId} of ${session} after ${latest}`;
  }
}
