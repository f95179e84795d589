import type { PduFrame } from '@teamtalk/protocol';

/** Echoes command 0x0701 unchanged, header included (client-behaviour.md#heartbeat). */
export function echoHeartbeat({ frame }: PduFrame): Buffer {
  // Copied, because the received bytes are valid only during the call.
  return Buffer.from(frame);
}
