import type { Command } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import { pause } from '../platform/pause.js';

const tryMs = 10_000;
const pauseMs = 250;

/**
 * Sends the msg_server a PDU without a response, waiting a while for the connection to come back.
 * @throws ClientError when there is no connection all that time, or the client has ended
 */
export async function tellServer<P extends object>(
  client: TeamTalkClient,
  command: Command<object, P>,
  message: NoInfer<P>,
): Promise<void> {
  const end = performance.now() + tryMs;
  for (;;) {
    try {
      await client.sendPdu(command, message);
      return;
    } catch (error) {
      const lost = error instanceof ClientError && error.code === 'disconnected';
      if (!lost || performance.now() > end) throw error;
      await pause(pauseMs);
    }
  }
}
