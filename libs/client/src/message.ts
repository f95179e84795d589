import { type IM, isTextMessageType, type TextCodec } from '@teamtalk/protocol';
import type { Session } from './session.js';

/** A message, delivered or from history. */
export class Message {
  /** Counts from 1 in its session, without gaps. */
  readonly msgId: number;
  /** The sender's user id; the user's own for messages from another of their connections. */
  readonly fromUserId: number;
  /** The conversation, from the receiving user's point of view. */
  readonly session: Session;
  /** Unix seconds, set by the server. */
  readonly createTime: number;
  readonly type: IM.BaseDefine.MsgType;
  /** `msg_data` as stored: encrypted text, or audio. */
  readonly data: Uint8Array;
  readonly #codec: TextCodec;

  constructor(fields: Omit<Message, 'text'>, codec: TextCodec) {
    this.msgId = fields.msgId;
    this.fromUserId = fields.fromUserId;
    this.session = fields.session;
    this.createTime = fields.createTime;
    this.type = fields.type;
    this.data = fields.data;
    this.#codec = codec;
  }

  /**
   * The decrypted text; undefined for other messages. Decrypted on each access.
   *
   * @throws TextError when the data is not a text encrypted with the client's key
   */
  get text(): string | undefined {
    return isTextMessageType(this.type) ? this.#codec.decrypt(this.data) : undefined;
  }
}
