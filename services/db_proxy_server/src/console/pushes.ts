import type { Bus } from '@teamtalk/bus';
import { consoleApi, type consolePushes } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { listPushCredentials, removePushCredential, setPushCredential } from '../push/push-credentials.js';
import { resealCredentials } from '../push/reseal-credentials.js';
import { DeviceTests } from '../push/test-device.js';
import type { ConsoleHandlers } from './work.js';

const { TEST_DONE, TEST_NOT_FOUND, TEST_NO_SERVER } = consoleApi.console.TestDeviceResult;

const results = { done: TEST_DONE, 'not-found': TEST_NOT_FOUND, 'no-server': TEST_NO_SERVER } as const;

/** The gRPC service ConsolePushes. */
export function pushHandlers(
  { database, kit, pushCredentials }: Pick<Context, 'database' | 'kit' | 'pushCredentials'>,
  bus: Pick<Bus, 'request'>,
): ConsoleHandlers<typeof consolePushes> {
  const { dataSource } = database;
  const deviceTests = new DeviceTests(database, bus, kit);
  return {
    async getProviders() {
      const [credentials, devices] = await Promise.all([
        listPushCredentials(dataSource),
        pushCredentials.devices(),
      ]);
      return {
        credentials: credentials.map(({ changedAt, ...shown }) => ({
          ...shown,
          changedAt: changedAt.getTime() / 1000,
        })),
        devices,
      };
    },

    async setCredential({ provider, description, keyId, sealed }, { actor }) {
      const credential = { provider, description, keyId, sealed: Buffer.from(sealed) };
      await setPushCredential(dataSource, credential, actor);
      return { found: true };
    },

    async removeCredential({ provider }, { actor }) {
      return { found: await removePushCredential(dataSource, provider, actor) };
    },

    async rotateCredentials(_request, { actor }) {
      const outcome = await resealCredentials(database, bus, actor);
      if (outcome.result === 'no-server') return { noServer: true };
      if (outcome.result === 'done') return { providers: outcome.providers };
      return { problem: outcome.problem, noKey: outcome.keyId === '' };
    },

    async testDevice({ userId, deviceId }, { actor }) {
      const { result, ...answer } = await deviceTests.send(userId, deviceId, actor);
      return { result: results[result], ...answer };
    },
  };
}
