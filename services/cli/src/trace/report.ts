import { IM } from '@teamtalk/protocol';
import type { MessageTrace, Participant, Place } from './message-trace.js';

const clients = new Map<number, string>([
  [IM.BaseDefine.ClientType.CLIENT_TYPE_WINDOWS, 'windows'],
  [IM.BaseDefine.ClientType.CLIENT_TYPE_MAC, 'mac'],
  [IM.BaseDefine.ClientType.CLIENT_TYPE_IOS, 'ios'],
  [IM.BaseDefine.ClientType.CLIENT_TYPE_ANDROID, 'android'],
]);

/** A message's trace as lines of text. @param url of its OpenTelemetry trace, when there is one */
export function reportOf(way: MessageTrace, url: string | undefined): string[] {
  const sender = way.participants.find((each) => each.sender);
  const name = sender ? ` (${sender.name})` : '';
  const lines = [
    line('message', `${way.msg_id} of ${way.conversation}, whose newest is ${way.last_msg_id}`),
    line('trace id', way.trace),
    line('sent', `by user ${way.from_user_id}${name}, type ${way.msg_type}, ${way.bytes} bytes`),
    line('taken in', takenIn(way)),
    line('stored', way.stored_at),
    line('routed', routed(way)),
    ...way.participants.map((each, k) => line(k === 0 ? 'users' : '', userLine(each))),
  ];
  if (way.participants_left_out > 0) lines.push(line('', `and ${way.participants_left_out} more`));
  if (url) lines.push(line('trace', url));
  else if (way.otel_trace === null) lines.push(line('trace', 'not sampled for OpenTelemetry'));
  else lines.push(line('trace', `${way.otel_trace} in OpenTelemetry, if there is a collector`));
  return [...lines, ...way.doubts.map((doubt) => line('but', doubt))];
}

function line(title: string, text: string): string {
  return `${title.padEnd(9)} ${text}`;
}

function takenIn({ taken_in_by, requestId, trace }: MessageTrace): string {
  // Broadcasts have no instance of their own.
  if (trace.startsWith('00000000')) return `as part of broadcast ${requestId}`;
  return `by ${placeOf(taken_in_by)} as its request ${requestId}`;
}

function routed({ outbox }: MessageTrace): string {
  if (!outbox.open) return 'every msg_server concerned has taken its batch';
  return `not yet to all: row ${outbox.row} of the outbox is open, looked after by ${placeOf(outbox.owner)}`;
}

function userLine({ user_id, name, sender, read, read_msg_id, sessions }: Participant): string {
  const facts = [sender ? 'sender' : read ? 'has read it' : `has read up to ${read_msg_id}`];
  if (sessions.length === 0) facts.push('not online');
  for (const { client_type, web, msg_server, delivered, delivered_msg_id, held_back_msg_id } of sessions) {
    const gap = held_back_msg_id ? `, held back until it has ${(delivered_msg_id ?? 0) + 1}` : '';
    const what =
      delivered === null
        ? 'nothing of the conversation was delivered since then'
        : delivered
          ? 'delivered'
          : `delivered up to ${delivered_msg_id}${gap}`;
    const client = web ? 'web' : (clients.get(client_type) ?? client_type);
    facts.push(`${client} at ${placeOf(msg_server)}: ${what}`);
  }
  return `${user_id} (${name}): ${facts.join('; ')}`;
}

function placeOf({ instance, alive, service, hostname }: Place): string {
  return alive ? `${service} ${instance} on ${hostname}` : `${instance}, which does not run any more`;
}
