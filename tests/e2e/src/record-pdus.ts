import type { TeamTalkClient } from '@teamtalk/client';
import { type Command, decodeBody } from '@teamtalk/protocol';

/** Records every later PDU of one command on a client, with its seq_num. @returns the growing list */
export function recordPdus<M extends object>(
  client: TeamTalkClient,
  command: Command<M, never>,
): (M & { seqNum: number })[] {
  const list: (M & { seqNum: number })[] = [];
  client.on('pdu', ({ commandId, body, seqNum }) => {
    if (commandId === command.id)
      list.push(Object.assign(decodeBody(command, Buffer.from(body)), { seqNum }));
  });
  return list;
}
