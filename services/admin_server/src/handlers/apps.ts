import { ask, askOnce, momentOf, Problem, Refusal, type RefusalCode } from '@teamtalk/administration';
import { consoleApi, consoleWork, consoleApps as store } from '@teamtalk/rpc';
import type { ApiRequest } from '../api/index.js';
import type { Call, Handlers } from './handler.js';

const { APP_DONE, APP_NAME_TAKEN, APP_NOT_FOUND, APP_TOO_MANY, APP_UNKNOWN_USER } =
  consoleApi.console.AppResult;

export const apps: Handlers<
  | 'listApps'
  | 'createApp'
  | 'changeApp'
  | 'renewAppKey'
  | 'disableApp'
  | 'enableApp'
  | 'revokeApp'
  | 'deleteApp'
> = {
  async listApps(call) {
    const { apps } = await ask(call, consoleWork.listApps, {});
    return {
      apps: (apps as consoleApi.console.App[]).map((app) => ({
        app_id: app.appId,
        name: app.name,
        permissions: app.permissions,
        addresses: app.addresses,
        user_id: app.userId === 0 ? null : app.userId,
        rate: app.rate === 0 ? null : app.rate,
        signs: app.signs,
        created_at: momentOf(app.createdAt),
        revoked_at: app.revokedAt === 0 ? null : momentOf(app.revokedAt),
        disabled: app.disabled,
        key_set_at: momentOf(app.keySetAt),
        used_at: app.usedAt === 0 ? null : momentOf(app.usedAt),
      })),
    };
  },

  async createApp(call, { body }) {
    const { name, signs } = body;
    return keyOf(await askOnce(call, store.createApp, { name, signs, bounds: boundsOf(body) }));
  },

  async changeApp(call, { params: { app_id: appId }, body }) {
    requireDone(await ask(call, store.changeApp, { appId, bounds: boundsOf(body) }));
    return undefined;
  },

  async renewAppKey(call, { params: { app_id: appId } }) {
    return keyOf(await ask(call, store.renewAppKey, { appId }));
  },

  disableApp: (call, { params: { app_id } }) => setDisabled(call, app_id, true),

  enableApp: (call, { params: { app_id } }) => setDisabled(call, app_id, false),

  async revokeApp(call, { params: { app_id: appId } }) {
    requireDone(await ask(call, store.revokeApp, { appId }));
    return undefined;
  },

  async deleteApp(call, { params: { app_id: appId } }) {
    requireDone(await ask(call, store.deleteApp, { appId }), 'app-active');
    return undefined;
  },
};

async function setDisabled(call: Call, appId: number, disabled: boolean): Promise<undefined> {
  requireDone(await ask(call, store.setAppDisabled, { appId, disabled }), 'app-revoked');
}

function boundsOf({ permissions, addresses, user_id, rate }: ApiRequest<'changeApp'>['body']) {
  return { permissions, addresses, userId: user_id ?? 0, rate: rate ?? 0 };
}

function keyOf(reply: consoleApi.console.AppKey): { app_id: number; key: string } {
  requireDone(reply);
  return { app_id: reply.appId, key: reply.key };
}

/** @param wrongState code for an app in the wrong state */
function requireDone({ result }: consoleApi.console.AppReply, wrongState: RefusalCode = 'app-revoked'): void {
  if (result === APP_DONE) return;
  if (result === APP_NOT_FOUND) throw new Problem('not-found', 'there is no such app');
  if (result === APP_NAME_TAKEN) throw new Refusal('name-taken');
  if (result === APP_UNKNOWN_USER) throw new Refusal('unknown-user');
  throw new Refusal(result === APP_TOO_MANY ? 'too-many-apps' : wrongState);
}
