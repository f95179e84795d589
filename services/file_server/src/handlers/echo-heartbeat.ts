import { encodeRawPdu, type Pdu } from '@teamtalk/protocol';

/** Command 0x0701 goes back as it came (protocol notes, section 1). */
export function echoHeartbeat({ commandId, body, seqNum }: Pdu): Buffer {
  return encodeRawPdu(commandId, body, seqNum);
}
