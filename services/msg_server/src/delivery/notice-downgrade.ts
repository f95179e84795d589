import { Commands, decodeBody, encodePdu, HEADER_LENGTH, MsgType } from '@teamtalk/protocol';
import type { Connection } from '../connection/connection.js';

/**
 * Sends push notices (message type 3) as text to client classes that do not know the type and would discard the
 * message, or a whole list containing it (client-behaviour.md#message-types-a-client-does-not-know).
 */
export class NoticeDowngrade {
  readonly #pc: boolean;
  readonly #mobile: boolean;
  /** The last converted PDU and its replacement; a message is written to all its receivers in a row. */
  #original: Buffer | undefined;
  #shown: Buffer | undefined;

  constructor(classes: { pc: boolean; mobile: boolean }) {
    this.#pc = classes.pc;
    this.#mobile = classes.mobile;
  }

  appliesTo(connection: Connection): boolean {
    return connection.isMobile ? this.#mobile : this.#pc;
  }

  /** The message type to send to a client. */
  typeFor(connection: Connection, msgType: number): number {
    return msgType === MsgType.PUSH_NOTICE && this.appliesTo(connection) ? MsgType.SINGLE_TEXT : msgType;
  }

  /** The replacement of a 0x0301 PDU. */
  pduOf(pdu: Buffer): Buffer {
    if (pdu !== this.#original || !this.#shown) {
      this.#original = pdu;
      this.#shown = asText(pdu);
    }
    return this.#shown;
  }
}

function asText(pdu: Buffer): Buffer {
  const message = decodeBody(Commands.MsgData, pdu.subarray(HEADER_LENGTH));
  if (message.msgType !== MsgType.PUSH_NOTICE) return pdu;
  return encodePdu(Commands.MsgData, { ...message, msgType: MsgType.SINGLE_TEXT }, 0);
}
