import { Commands, encodePdu } from '@teamtalk/protocol';

export interface MessageContent {
  fromUserId: number;
  /** the other user of a pair, or the group */
  toSessionId: number;
  msgId: number;
  /** unix seconds */
  createTime: number;
  msgType: number;
  msgData: Uint8Array;
}

/**
 * A stored message as the 0x0301 PDU for its receivers, with seq_num 0 and without attach_data
 * (client-behaviour.md#sequence-numbers).
 */
export function encodeMessagePdu(message: MessageContent): Buffer {
  return encodePdu(Commands.MsgData, message, 0);
}
