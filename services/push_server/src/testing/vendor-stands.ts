import { FakeHms, FakeHonor, FakeOppo, type FakeVendor, FakeVivo, FakeXiaomi } from '@teamtalk/local-stack';
import type { Provider } from '../providers/provider.js';
import { Hms } from '../providers/vendors/hms.js';
import { Honor } from '../providers/vendors/honor.js';
import { Oppo } from '../providers/vendors/oppo.js';
import { Vivo } from '../providers/vendors/vivo.js';
import { Xiaomi } from '../providers/vendors/xiaomi.js';
import type { Stand } from './stand.js';

const badgeClass = 'com.example.teamtalk.MainActivity';
const client = { clientId: '104000001', clientSecret: 'a secret/+=' };

function standOf(
  fake: FakeVendor,
  provider: Provider,
  { token, bannersOnly = false }: { token: string; bannersOnly?: boolean },
): Stand {
  const other = `${token}2`;
  fake.phones.add(token).add(other);
  return {
    provider,
    token,
    other,
    bannersOnly,
    malformed: ['', 'unknown', `${token},other`],
    shown: (id) => fake.banners.get(`${token} ${id}`)?.body,
    badge: () => fake.badges.get(token),
    next: (trouble) =>
      fake.misbehaviours.push(
        ...{
          busy: [{ status: 429, retryAfter: '7' }],
          failing: [{ status: 503 }],
          // On a kept-alive connection the client retries once at once.
          breaks: ['break' as const, 'break' as const],
          silent: ['silence' as const],
        }[trouble],
      ),
    remove: () => fake.phones.delete(token),
    refusals: () => fake.refusals,
    stopFake: () => fake.close(),
  };
}

function hms(projectId: string) {
  return async (answerMs: number, proxy?: URL): Promise<Stand> => {
    const fake = await FakeHms.start({ ...client, ...(projectId !== '' && { projectId }) });
    const { origin, tokenUrl, ca } = fake;
    const provider = new Hms({ origin, tokenUrl, ...client, projectId, badgeClass, ca, proxy, answerMs });
    return standOf(fake, provider, { token: 'IQAAAACy0P7n_HuaweiPhone-1' });
  };
}

/** Android phone vendors, each with its fake. */
export const vendorStands: Readonly<Record<string, (answerMs: number, proxy?: URL) => Promise<Stand>>> = {
  hms: hms(''),
  'hms, version 2': hms('736430079244623402'),

  honor: async (answerMs, proxy) => {
    const appId = '104413000';
    const fake = await FakeHonor.start({ appId, ...client });
    const { origin, tokenUrl, ca } = fake;
    const provider = new Honor({ origin, tokenUrl, appId, ...client, badgeClass, ca, proxy, answerMs });
    return standOf(fake, provider, { token: 'BAEAAAAAB.honorPhone' });
  },

  xiaomi: async (answerMs, proxy) => {
    const app = { appSecret: 'tN8mk+/==', packageName: 'com.example.teamtalk' };
    const fake = await FakeXiaomi.start(app);
    const { origin, ca } = fake;
    const provider = new Xiaomi({ origin, ...app, channelId: '108000', ca, proxy, answerMs });
    return standOf(fake, provider, { token: 'd//igwEhgBGCI2TG6lWqlK2S5NnbgPUTe9KdKcdnS4I=' });
  },

  oppo: async (answerMs, proxy) => {
    const app = { appKey: 'fxSk0000AppKey', masterSecret: '0f6e8master' };
    const fake = await FakeOppo.start(app);
    const { origin, ca } = fake;
    const provider = new Oppo({ origin, ...app, channelId: 'chats', ca, proxy, answerMs });
    return standOf(fake, provider, { token: 'CN_078ad8b8a137cadb14ae5b70cf846312', bannersOnly: true });
  },

  vivo: async (answerMs, proxy) => {
    const app = { appId: '10004', appKey: '25509283-3767-4b9e', appSecret: '1f1d-secret' };
    const fake = await FakeVivo.start(app);
    const { origin, ca } = fake;
    const provider = new Vivo({ origin, ...app, ca, proxy, answerMs });
    return standOf(fake, provider, { token: '15513410784181118114099', bannersOnly: true });
  },
};
