import { consoleApi, type consoleApps } from '@teamtalk/rpc';
import { type AppBounds, type AppRefusal, createApp, type IssuedKey, revokeApp } from '../apps/apps.js';
import { changeApp, deleteApp, renewAppKey, setAppDisabled } from '../apps/change-app.js';
import type { Context } from '../context.js';
import type { ConsoleHandlers } from './work.js';

const { APP_DONE, APP_NAME_TAKEN, APP_NOT_FOUND, APP_TOO_MANY, APP_UNKNOWN_USER, APP_WRONG_STATE } =
  consoleApi.console.AppResult;

const results = {
  done: APP_DONE,
  'not-found': APP_NOT_FOUND,
  'name-taken': APP_NAME_TAKEN,
  'unknown-user': APP_UNKNOWN_USER,
  'too-many': APP_TOO_MANY,
  'wrong-state': APP_WRONG_STATE,
} as const;

/** The gRPC service ConsoleApps. */
export function appHandlers({
  database: { dataSource },
}: Pick<Context, 'database'>): ConsoleHandlers<typeof consoleApps> {
  return {
    async createApp({ name, bounds, signs }, { actor }) {
      return toKey(await createApp(dataSource, { name, signs, ...boundsOf(bounds) }, actor));
    },

    async changeApp({ appId, bounds }, { actor }) {
      return { result: results[await changeApp(dataSource, appId, boundsOf(bounds), actor)] };
    },

    async renewAppKey({ appId }, { actor }) {
      return toKey(await renewAppKey(dataSource, appId, actor));
    },

    async setAppDisabled({ appId, disabled }, { actor }) {
      return { result: results[await setAppDisabled(dataSource, appId, disabled, actor)] };
    },

    async revokeApp({ appId }, { actor }) {
      return { result: (await revokeApp(dataSource, appId, actor)) ? APP_DONE : APP_NOT_FOUND };
    },

    async deleteApp({ appId }, { actor }) {
      return { result: results[await deleteApp(dataSource, appId, actor)] };
    },
  };
}

function boundsOf(bounds: consoleApi.console.AppBounds.$Properties | null | undefined): AppBounds {
  const { permissions, addresses, userId, rate } = bounds ?? {};
  return {
    permissions: permissions ?? [],
    addresses: addresses ?? [],
    userId: userId || undefined,
    rate: rate || undefined,
  };
}

function toKey(outcome: IssuedKey | { result: AppRefusal }): consoleApi.console.AppKey.$Properties {
  if (outcome.result !== 'done') return { result: results[outcome.result] };
  return { result: APP_DONE, appId: outcome.id, key: outcome.key };
}
