import type { PduFrame } from '@teamtalk/protocol';

/** Command 0x0701 goes back as it came, its header included (client-behaviour.md#heartbeat). */
export function echoHeartbeat({ frame }: PduFrame): Buffer {
  // Copied: what was read is there during the call only.
  return Buffer.from(frame);
}
