import { type IM, isTextMessageType, type TextCodec } from '@teamtalk/protocol';
import type { Session } from './session.js';

/** A message as it was delivered, or as history has it. */
export class Message {
  /** Counts from 1 in its session, without gaps. */
  readonly msgId: number;
  /** The user's own id for what he sent from another of his connections. */
  readonly fromUserId: number;
  /** Where it was said, as the receiving user names it. */
  readonly session: Session;
  /** Unix seconds, set by the server. */
  readonly createTime: number;
  readonly type: IM.BaseDefine.MsgType;
  /** `msg_data` as stored: encrypted text, or audio. */
  readonly data: Buffer;
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
   * The decrypted text; undefined for a message that is no text. Decrypted anew at each access.
   *
   * @throws TextError when the data are not a text of the client's key.
   */
  get text(): string | undefined {
    return isTextMessageType(this.type) ? this.#codec.decrypt(this.data) : undefined;
  }
}
