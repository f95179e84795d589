import { consoleApi, type consolePushes } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { listPushCredentials, removePushCredential, setPushCredential } from '../push/push-credentials.js';
import type { DeviceTests } from '../push/test-device.js';
import type { ConsoleHandlers } from './work.js';

const { TEST_DONE, TEST_NOT_FOUND, TEST_NO_SERVER } = consoleApi.console.TestDeviceResult;

const results = { done: TEST_DONE, 'not-found': TEST_NOT_FOUND, 'no-server': TEST_NO_SERVER } as const;

/** The gRPC service ConsolePushes. */
export function pushHandlers(
  { database: { dataSource }, pushCredentials }: Pick<Context, 'database' | 'pushCredentials'>,
  deviceTests: Pick<DeviceTests, 'send'>,
): ConsoleHandlers<typeof consolePushes> {
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

    async testDevice({ userId, deviceId }, { actor }) {
      const { result, ...answer } = await deviceTests.send(userId, deviceId, actor);
      return { result: results[result], ...answer };
    },
  };
}
