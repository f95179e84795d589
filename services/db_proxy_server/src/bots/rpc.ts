import type { Handlers, httpApi, bots as service } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import type { Hook } from './hooks.js';

const hashBytes = 32;

/** The gRPC service Bots. */
export function botsRpc({ bots, hooks }: Context): Handlers<typeof service> {
  return {
    async listBots() {
      return {
        bots: (await bots.list()).map(({ id, tokenSetAt, ...bot }) => ({
          ...bot,
          userId: id,
          tokenSetAt: (tokenSetAt?.getTime() ?? 0) / 1_000,
        })),
      };
    },

    async createBot({ name, nickName, tokenHash, actor }) {
      return toSaveReply(await bots.create({ name, nickName, tokenHash: hashOf(tokenHash) }, actorOf(actor)));
    },

    async setBotToken({ userId, tokenHash, actor }) {
      const hash = tokenHash.length === 0 ? null : hashOf(tokenHash);
      return toSaveReply(await bots.setToken(userId, hash, actorOf(actor)));
    },

    async listHooks() {
      return { hooks: (await hooks.list()).map(toHook) };
    },

    async createHook({ name, botId, receiver, anyReceiver, rate, tokenHash, actor }) {
      const wanted = { name, botId, receiver, anyReceiver, rate, tokenHash: hashOf(tokenHash) };
      return toSaveReply(await hooks.create(wanted, actorOf(actor)));
    },

    async deleteHook({ id, actor }) {
      return toSaveReply(await hooks.delete(id, actorOf(actor)));
    },

    async findHook({ tokenHash }) {
      const hook = await hooks.find(hashOf(tokenHash));
      return hook ? { hook: toHook(hook) } : {};
    },

    async findReceiver({ fromUserId, receiver }) {
      const found = await hooks.receiver(fromUserId, receiver);
      return typeof found === 'string' ? {} : found;
    },
  };
}

function toHook({
  id,
  name,
  botId,
  userId,
  groupId,
  anyReceiver,
  rate,
  createdAt,
}: Hook): httpApi.api.Hook.$Properties {
  return {
    hookId: id,
    name,
    botId,
    receiver: { userId: userId ?? 0, groupId: groupId ?? 0 },
    anyReceiver,
    rate,
    createdAt: createdAt.getTime() / 1_000,
  };
}

function hashOf(bytes: Uint8Array): Buffer {
  if (bytes.length === hashBytes) return Buffer.from(bytes);
  throw new TeamTalkError('invalid-argument', `a token hash must have ${hashBytes} bytes`);
}
