import { ask, Problem } from '@teamtalk/administration';
import { IM, isAudioMessageType, isTextMessageType, MsgType, TextError } from '@teamtalk/protocol';
import { administration, type httpApi, messages, type teamtalk } from '@teamtalk/rpc';
import { z } from 'zod';
import type { Context } from '../context.js';
import { id, moment, momentOf, pathId } from './fields.js';
import { messageType } from './messages.js';
import { operation } from './operation.js';

const { SESSION_TYPE_GROUP, SESSION_TYPE_SINGLE } = IM.BaseDefine.SessionType;

const message = z
  .object({
    msg_id: id,
    from_user_id: id,
    sent_at: moment,
    type: messageType,
    msg: z.string().describe('As it was sent: text, or base64 of audio'),
    unreadable: z
      .literal(true)
      .optional()
      .describe('The text was encrypted with another key: `msg` is what is stored, in base64'),
  })
  .meta({ id: 'Message' });

const history = z.object({ messages: z.array(message).describe('The newest first') }).meta({ id: 'History' });

const receipts = z
  .object({
    last_msg_id: z.int(),
    readers: z.array(z.object({ user_id: id, read_msg_id: z.int().describe('0: nothing yet') })),
  })
  .meta({ id: 'Receipts' });

const page = z.strictObject({
  before: pathId.optional().describe('Only messages with smaller ids'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

const pair = z.strictObject({ user_id: pathId, peer_id: pathId });
const groupSession = z.strictObject({ user_id: pathId, group_id: pathId });

const tag = 'Conversations';
const permission = 'history';
const status = 200;

export const conversationOperations = [
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/conversations/users/{peer_id}/messages',
    id: 'getHistory',
    tag,
    summary: 'What two users wrote to each other',
    permission,
    params: pair,
    query: page,
    status,
    reply: history,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id, peer_id }, query }) {
      return { reply: await read(context, user_id, SESSION_TYPE_SINGLE, peer_id, query) };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/conversations/groups/{group_id}/messages',
    id: 'getGroupHistory',
    tag,
    summary: 'What a member sees of a group: messages since they joined',
    permission,
    params: groupSession,
    query: page,
    status,
    reply: history,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id, group_id }, query }) {
      return { reply: await read(context, user_id, SESSION_TYPE_GROUP, group_id, query) };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/conversations/users/{peer_id}/receipts',
    id: 'getReceipts',
    tag,
    summary: 'How far each of two users has read',
    permission,
    params: pair,
    status,
    reply: receipts,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id, peer_id } }) {
      return { reply: await readers(context, { userId: user_id, sessionId: peer_id }) };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/conversations/groups/{group_id}/receipts',
    id: 'getGroupReceipts',
    tag,
    summary: 'How far each member of a group has read',
    permission,
    params: groupSession,
    status,
    reply: receipts,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id, group_id } }) {
      const reply = await readers(context, { userId: 0, sessionId: group_id });
      const isMember = reply.readers.some((reader) => reader.user_id === user_id);
      if (!isMember) throw new Problem('not-found', 'there is no such group of this user');
      return { reply };
    },
  }),
];

async function read(
  context: Context,
  userId: number,
  sessionType: number,
  sessionId: number,
  { before, limit }: z.output<typeof page>,
): Promise<z.output<typeof history>> {
  if (before === 1) return { messages: [] };
  const list = await ask(context, messages.getHistory, {
    userId,
    sessionType,
    sessionId,
    // For the store, 0 means from the newest.
    msgIdBegin: before === undefined ? 0 : before - 1,
    msgCnt: limit,
  });
  return { messages: (list.messages as teamtalk.db.Message[]).map((each) => toMessage(context, each)) };
}

function toMessage(
  { textCodec }: Context,
  { msgId, fromSessionId, createTime, msgType, msgData }: teamtalk.db.Message,
): z.output<typeof message> {
  const common = { msg_id: msgId, from_user_id: fromSessionId, sent_at: momentOf(createTime) };
  const base64 = () => Buffer.from(msgData).toString('base64');
  if (isAudioMessageType(msgType)) return { ...common, type: 'audio', msg: base64() };
  const type = msgType === MsgType.PUSH_NOTICE ? 'notice' : 'text';
  if (!isTextMessageType(msgType)) return { ...common, type, msg: base64(), unreadable: true };
  try {
    return { ...common, type, msg: textCodec.decrypt(msgData) };
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    return { ...common, type, msg: base64(), unreadable: true };
  }
}

async function readers(
  context: Context,
  session: { userId: number; sessionId: number },
): Promise<z.output<typeof receipts>> {
  const found = await ask(context, administration.getReceipts, session);
  if (!found.found) throw new Problem('not-found', 'nothing was written there yet');
  return {
    last_msg_id: found.lastMsgId,
    readers: (found.readers as httpApi.api.Receipt[]).map(({ userId, readMsgId }) => ({
      user_id: userId,
      read_msg_id: readMsgId,
    })),
  };
}
