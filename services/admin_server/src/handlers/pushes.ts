import { ask, askOnce, momentOf, Problem, Refusal } from '@teamtalk/administration';
import { topics } from '@teamtalk/bus';
import { consoleApi, consolePushes as store } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Call, Handlers } from './handler.js';

const { TEST_NOT_FOUND, TEST_NO_SERVER } = consoleApi.console.TestDeviceResult;

/** Milliseconds a push_server has to encrypt a credential. */
const sealMs = 5_000;
/** Characters of push_server's problem with a credential that are passed on. */
const maxProblem = 300;
/** Milliseconds the store has to have a push_server encrypt all credentials. */
const rotateMs = 10_000;
/** Milliseconds the store has for a test push, for which it asks a push_server. */
const testMs = 10_000;

export const pushes: Handlers<
  'getPushProviders' | 'setPushCredential' | 'removePushCredential' | 'rotatePushCredentials' | 'testDevice'
> = {
  async getPushProviders(call) {
    const { credentials, devices } = await ask(call, store.getProviders, {});
    return {
      credentials: (credentials as consoleApi.console.StoredPushCredential[]).map((each) => ({
        provider: each.provider,
        description: each.description,
        key_id: each.keyId,
        changed_at: momentOf(each.changedAt),
      })),
      devices: (devices as consoleApi.console.ProviderDevices[]).map((each) => ({
        provider: each.provider,
        devices: each.devices,
        failing: each.failing,
      })),
    };
  },

  async setPushCredential(call, { params: { provider }, body: { secret, parts } }) {
    const reply = await sealed(call, { provider, secret, options: parts });
    const { problem, description, keyId } = reply;
    if (problem !== '') {
      if (keyId === '') throw new Refusal('no-credentials-key');
      throw new Problem('not-possible', `the credential cannot be used: ${problem.slice(0, maxProblem)}`);
    }
    await ask(call, store.setCredential, { provider, description, keyId, sealed: reply.sealed });
    return { description };
  },

  async removePushCredential(call, { params: { provider } }) {
    const { found } = await ask(call, store.removeCredential, { provider });
    if (!found) throw new Problem('not-found', 'there is no such credential');
    return undefined;
  },

  async rotatePushCredentials(call) {
    const reply = await ask(call, store.rotateCredentials, {}, rotateMs);
    if (reply.noServer) throw new Refusal('no-push-server');
    if (reply.noKey) throw new Refusal('no-credentials-key');
    if (reply.problem !== '') throw new Problem('not-possible', reply.problem.slice(0, maxProblem));
    return { providers: reply.providers };
  },

  async testDevice(call, { params: { user_id: userId, device_id: deviceId } }) {
    const { result, outcome, reason } = await askOnce(call, store.testDevice, { userId, deviceId }, testMs);
    if (result === TEST_NOT_FOUND) throw new Problem('not-found', 'there is no such device');
    if (result === TEST_NO_SERVER) throw new Refusal('no-push-server');
    return { outcome, reason };
  },
};

/** Has a push_server check and encrypt a credential: only push_servers have the key. */
async function sealed(
  { bus }: Pick<Call, 'bus'>,
  credential: { provider: string; secret: string; options: Record<string, string> },
) {
  try {
    return await bus.request(topics.pushCredential, credential, sealMs);
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Refusal('no-push-server');
    throw error;
  }
}
