import { FakeHms, FakeXiaomi, waitUntil } from '@teamtalk/local-stack';
import { ClientType, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PushStand } from './push-stand.js';

const client = { clientId: '104', clientSecret: 'of Huawei' };
const app = { appSecret: 'of Xiaomi', packageName: 'com.example.app' };

let stand: PushStand;
let huawei: FakeHms;
let xiaomi: FakeXiaomi;

beforeAll(async () => {
  huawei = await FakeHms.start(client);
  xiaomi = await FakeXiaomi.start(app);
  stand = await PushStand.start({
    env: {
      PUSH_PREVIEW: 'none',
      HMS_CLIENT_ID: client.clientId,
      HMS_CLIENT_SECRET: client.clientSecret,
      HMS_URL: huawei.origin,
      HMS_TOKEN_URL: huawei.tokenUrl,
      XIAOMI_APP_SECRET: app.appSecret,
      XIAOMI_URL: xiaomi.origin,
    },
  });
});
afterAll(async () => {
  await stand?.stop();
  await huawei?.close();
  await xiaomi?.close();
});

it('with PUSH_PREVIEW=none, no provider receives a name or a text', async () => {
  const users = await stand.cluster.addUsers(['annabel', 'ben', 'zoe']);
  await stand.untilPushed('annabel', 'zoe', users.zoe);
  huawei.phones.add('a-huawei');
  xiaomi.phones.add('a-xiaomi');
  const android = { clientType: ClientType.ANDROID };
  await stand.phoneOf('ben');
  await stand.phoneOf('ben', { ...android, token: 'hms:a-huawei' });
  // A user has one device per client type; the other phones are zoe's.
  await stand.phoneOf('zoe', { ...android, token: 'mi:a-xiaomi' });
  const annabel = await stand.cluster.connect('annabel');
  const group = await annabel.groups.create('Project Nightingale', [users.ben, users.zoe]);
  const shown = () => [
    ...[...stand.apns.banners.values()].map(({ payload }) => payload),
    ...huawei.banners.values(),
    ...xiaomi.banners.values(),
  ];
  const image = '&$#@~^@[{:http://msfs.example.com/g0/salary.png:}]&$~@#@';
  for (const [what, send] of [
    ['a text', () => annabel.send({ user: users.ben }, 'the salary is 5,000')],
    ['an image', () => annabel.send({ user: users.ben }, image)],
    ['audio', () => annabel.send({ user: users.ben }, Buffer.alloc(64, 7), { type: MsgType.SINGLE_AUDIO })],
    ['a text to a group', () => annabel.send({ group }, 'the launch is on Friday')],
  ] as const) {
    for (const fake of [stand.apns, huawei, xiaomi]) fake.banners.clear();
    await send();
    const devices = what.endsWith('group') ? 4 : 2;
    await waitUntil(() => shown().length >= devices, { what, timeoutMs: 30_000 });
    const text = JSON.stringify(shown());
    expect(text, what).toMatch(/发来一条消息/);
    expect(text, what).not.toMatch(/salary|5,000|Friday|launch|annabel|Nightingale|msfs|语音|图片/i);
  }
  expect([...huawei.refusals, ...xiaomi.refusals, ...stand.apns.refusals]).toEqual([]);
  await annabel.close();
});
