import { FakeHms, FakeHonor, FakeOppo, type FakeVendor, FakeVivo, FakeXiaomi } from '@teamtalk/local-stack';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Notification, Provider } from '../provider.js';
import { Hms } from './hms.js';
import { Honor } from './honor.js';
import { Oppo } from './oppo.js';
import { Vivo } from './vivo.js';
import { Xiaomi } from './xiaomi.js';

const client = { clientId: '104000001', clientSecret: 'right' };
const token = 'a-phone';
let clock: number;
const now = () => clock;

/** A vendor with its fake; `start` accepts another secret. */
interface Bench {
  fake: FakeVendor;
  start: (secret?: string) => Provider;
}

const benches: Record<string, () => Promise<Bench>> = {
  hms: async () => {
    const fake = await FakeHms.start({ ...client, tokenSeconds: 60, now });
    const { origin, tokenUrl, ca } = fake;
    const options = { origin, tokenUrl, ...client, projectId: '', badgeClass: '', ca, now };
    return { fake, start: (clientSecret = 'right') => new Hms({ ...options, clientSecret }) };
  },
  honor: async () => {
    const fake = await FakeHonor.start({ appId: '1', ...client, tokenSeconds: 60, now });
    const { origin, tokenUrl, ca } = fake;
    const options = { origin, tokenUrl, appId: '1', ...client, badgeClass: '', ca, now };
    return { fake, start: (clientSecret = 'right') => new Honor({ ...options, clientSecret }) };
  },
  xiaomi: async () => {
    const fake = await FakeXiaomi.start({ appSecret: 'right', packageName: 'com.example', now });
    const options = { origin: fake.origin, packageName: 'com.example', channelId: '', ca: fake.ca, now };
    return { fake, start: (appSecret = 'right') => new Xiaomi({ ...options, appSecret }) };
  },
  oppo: async () => {
    const fake = await FakeOppo.start({ appKey: 'key', masterSecret: 'right', now });
    const options = { origin: fake.origin, appKey: 'key', channelId: '', ca: fake.ca, now };
    return { fake, start: (masterSecret = 'right') => new Oppo({ ...options, masterSecret }) };
  },
  vivo: async () => {
    const fake = await FakeVivo.start({ appId: '1', appKey: 'key', appSecret: 'right', now });
    const options = { origin: fake.origin, appId: '1', appKey: 'key', ca: fake.ca, now };
    return { fake, start: (appSecret = 'right') => new Vivo({ ...options, appSecret }) };
  },
};
const withToken = ['hms', 'honor', 'oppo', 'vivo'];

let bench: Bench;
let provider: Provider;

async function begin(name: string): Promise<void> {
  bench = await (benches[name] as () => Promise<Bench>)();
  bench.fake.phones.add(token);
  provider = bench.start();
}

beforeEach(() => {
  clock = Date.now();
});
afterEach(async () => {
  await provider.stop();
  await bench.fake.close();
});

let sent = 0;
const send = (to = provider, rest: Partial<Notification> = {}) =>
  to.send({
    id: `00000000-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
    token,
    app: '',
    collapseId: 'g9',
    expiresAt: clock + 86_400_000,
    alert: { title: 'Team', body: 'hello' },
    badge: 3,
    data: { msg_type: 17, from_id: 7, group_id: 9 },
    ...rest,
  });

test.each(Object.keys(benches))(
  '%s: the app gets the data that opens the conversation, as strings',
  async (name) => {
    await begin(name);
    expect(await send()).toEqual({ kind: 'accepted', id: '1' });
    expect([...bench.fake.banners.values()]).toEqual([
      {
        title: 'Team',
        body: 'hello',
        data: {
          tag: 'g9',
          badge: '3',
          msg_type: '17',
          from_id: '7',
          group_id: '9',
          notify_id: expect.stringMatching(/^[1-9]\d{0,9}$/),
        },
      },
    ]);
  },
);

test.each(Object.keys(benches))('%s: a wrong secret blocks everything', async (name) => {
  await begin(name);
  const mistaken = bench.start('wrong');
  expect(await send(mistaken)).toMatchObject({ kind: 'blocked', afterMs: 60_000 });
  await mistaken.stop();
});

describe.each(withToken)('%s', (name) => {
  beforeEach(() => begin(name));

  test('one access token is fetched for many pushes, and renewed before it expires', async () => {
    await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(bench.fake.issued.size).toBe(1);
    for (let i = 0; i < 30; i++) {
      clock += 3_600_000;
      expect(await send()).toMatchObject({ kind: 'accepted' });
    }
    expect(bench.fake.refusals).toEqual([]);
  });

  test('a revoked access token is replaced at once', async () => {
    await send();
    bench.fake.revoke();
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(bench.fake.issued.size).toBe(2);
  });
});

/** The outcome of each vendor's codes. */
test.each([
  ['hms', 200, { code: '80100000', msg: '{"illegal_tokens":["a-phone"]}' }, { kind: 'gone' }],
  ['hms', 200, { code: '80300002', msg: 'No permission' }, { kind: 'retry', afterMs: 60_000 }],
  ['hms', 400, { code: '80100016', msg: 'sensitive' }, { kind: 'refused', reason: '80100016 sensitive' }],
  ['hms', 500, { code: '81000001', msg: 'internal' }, { kind: 'retry' }],
  ['hms', 404, {}, { kind: 'blocked' }],
  ['honor', 200, { code: 80300007, message: 'tokens' }, { kind: 'gone' }],
  ['honor', 200, { code: 200, data: { failTokens: [token] } }, { kind: 'refused' }],
  ['honor', 400, { code: 80100003, message: 'body' }, { kind: 'refused' }],
  ['xiaomi', 200, { code: 0, data: { bad_regids: token } }, { kind: 'gone' }],
  ['xiaomi', 200, { code: 20301, description: '发送消息失败' }, { kind: 'retry' }],
  ['xiaomi', 200, { code: 10034, reason: 'quota' }, { kind: 'blocked', afterMs: 3_600_000 }],
  ['xiaomi', 200, { code: 200001, reason: 'exceed quota' }, { kind: 'blocked', afterMs: 3_600_000 }],
  ['xiaomi', 200, { code: 22022, reason: 'package' }, { kind: 'refused' }],
  ['xiaomi', 200, { code: 22000, reason: 'app' }, { kind: 'blocked', afterMs: 60_000 }],
  ['oppo', 200, { code: -2, message: 'Service in Flow Control' }, { kind: 'retry' }],
  ['oppo', 200, { code: 33, message: 'daily limit' }, { kind: 'blocked', afterMs: 3_600_000 }],
  ['oppo', 200, { code: 28, message: 'App Disabled' }, { kind: 'blocked', afterMs: 60_000 }],
  ['oppo', 200, { code: 41, message: 'Invalid Arguments' }, { kind: 'refused' }],
  ['vivo', 200, { result: 10070, desc: 'quota' }, { kind: 'blocked', afterMs: 3_600_000 }],
  ['vivo', 200, { result: 10071, desc: 'hours' }, { kind: 'retry', afterMs: 60_000 }],
  ['vivo', 200, { result: 10104, desc: 'text' }, { kind: 'refused' }],
])('%s %d %o', async (name, status, body, outcome) => {
  await begin(name);
  bench.fake.misbehaviours.push({ status, body });
  expect(await send()).toMatchObject(outcome);
  expect(await send()).toMatchObject({ kind: 'accepted' });
});

test.each(Object.keys(benches))('%s: a response that is not JSON leads to a retry', async (name) => {
  await begin(name);
  bench.fake.misbehaviours.push('no-json', { status: 200 });
  expect(await send()).toMatchObject({ kind: 'retry', reason: 'status 502' });
  expect(await send()).toMatchObject({ kind: 'retry', unsure: true });
  expect(await send()).toMatchObject({ kind: 'accepted' });
});

test('OPPO shows a repeated push only once', async () => {
  await begin('oppo');
  const id = '00000000-0000-4000-8000-ffffffffffff';
  await send(provider, { id });
  await send(provider, { id, alert: { title: 'Team', body: 'again' } });
  expect([...bench.fake.banners.values()]).toMatchObject([{ body: 'hello' }]);
});

test('a device of another package does not block other devices', async () => {
  await begin('xiaomi');
  expect(await send(provider, { app: 'com.other' })).toMatchObject({ kind: 'refused' });
  expect(await send()).toMatchObject({ kind: 'accepted' });
});
