import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestCluster } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { FakeVivo, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { teamtalk } from './command/run.js';
import { OpenApiClient } from './openapi-client.js';
import { PushStand } from './push-stand.js';

const vivo = { appId: '1', appKey: 'key', appSecret: 'secret' };
const guide = path.join(import.meta.dirname, '../../../docs/guides/push.md');

let stand: PushStand;
let cluster: TestCluster;
let maker: FakeVivo;
let api: OpenApiClient;
let ann: number;
/** the outcomes seen so far, by their names in the guide */
const seen = new Set<string>();

beforeAll(async () => {
  maker = await FakeVivo.start(vivo);
  stand = await PushStand.start({
    http_msg_server: 1,
    env: {
      VIVO_APP_ID: vivo.appId,
      VIVO_APP_KEY: vivo.appKey,
      VIVO_APP_SECRET: vivo.appSecret,
      VIVO_URL: maker.origin,
    },
  });
  cluster = stand.cluster;
  const users = await cluster.addUsers(['ann', 'zoe']);
  ann = users.ann;
  const key = await cluster.addApp('mobile', { permissions: appPermissions });
  api = await OpenApiClient.load(cluster.url('http_msg_server'), key);
  await stand.untilPushed('ann', 'zoe', users.zoe);
});
afterAll(async () => {
  await stand?.stop();
  await maker?.close();
});

interface Decision {
  outcome: string;
  reason: string;
  provider: string;
}

/** The decisions that the command lists for a user, newest first. */
async function why(name: string): Promise<Decision[]> {
  const said = await teamtalk(['push', 'why', name, '--json'], { DATABASE_URL: cluster.database.url });
  expect(said, said.stderr).toMatchObject({ status: 0 });
  const lines = said.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Decision).filter(({ outcome }) => outcome !== undefined);
}

/** Waits for the newest decision to match. @param documented its name in the guide */
async function until(name: string, outcome: string, reason: string | RegExp, documented: string) {
  const is = ([newest]: Decision[]) =>
    newest?.outcome === outcome &&
    (typeof reason === 'string' ? newest.reason === reason : reason.test(newest.reason));
  let last: Decision[] = [];
  const decided = async () => {
    last = await why(name);
    return is(last);
  };
  const options = { what: `${outcome} ${reason}`, timeoutMs: 30_000, everyMs: 200 };
  await waitUntil(decided, options).catch((error: unknown) => {
    throw new Error(`it is ${JSON.stringify(last)}`, { cause: error });
  });
  seen.add(documented);
}

async function newUser(name: string): Promise<number> {
  const { [name]: id } = await cluster.addUsers([name]);
  await stand.phoneOf(name);
  return id as number;
}

async function sendTo(id: number, text = 'hello'): Promise<void> {
  const client = await cluster.connect('ann');
  await client.send({ user: id }, text);
  await client.close();
}

const busy = { status: 503, reason: 'Shutdown', retryAfter: 1_800 };

/** A user with a push that waits half an hour because APNs was busy. */
async function waiting(name: string): Promise<number> {
  const id = await newUser(name);
  stand.apns.misbehaviours.push(busy);
  await sendTo(id);
  await until(name, 'waiting', 'Shutdown', 'waiting');
  return id;
}

/** Makes the push due. */
const wake = (id: number) =>
  cluster.sql('UPDATE push_job SET due_at = now() WHERE user_id = $1 AND due_at IS NOT NULL', [id]);

it('accepted, and withdrawn when it has been read', async () => {
  const id = await newUser('ben');
  await sendTo(id);
  await until('ben', 'accepted', /^[0-9a-f-]{36}$/, 'accepted');
  const pc = await cluster.connect('ben');
  await pc.markRead({ user: ann }, 1);
  await until('ben', 'withdrawn', /^[0-9a-f-]{36}$/, 'withdrawn');
  await pc.close();
});

it('badge only, while the user is on a PC', async () => {
  const id = await newUser('oda');
  const pc = await cluster.connect('oda');
  await sendTo(id);
  await until('oda', 'badge-only', /^[0-9a-f-]{36}$/, 'badge-only');
  await pc.close();
});

it('acknowledged by the phone', async () => {
  const id = await newUser('cat');
  const phone = await cluster.connect('cat', { clientType: ClientType.IOS });
  const received = phone.nextMessage();
  await sendTo(id);
  await received;
  await until('cat', 'dropped', 'acknowledged', '`acknowledged`');
  await phone.close();
});

it('at night, if the user has do-not-disturb on', async () => {
  const id = await newUser('dan');
  const client = await cluster.connect('dan', { clientType: ClientType.ANDROID });
  await client.settings.setDoNotDisturb(true);
  await client.close();
  // A zone in which it is 23:00; Etc/GMT-8 is east of Greenwich.
  const east = ((23 - new Date().getUTCHours() + 11) % 24) - 11;
  const zone = `Etc/GMT${east < 0 ? '+' : '-'}${Math.abs(east)}`;
  await cluster.sql('UPDATE push_device SET time_zone = $2 WHERE user_id = $1', [id, zone]);
  await sendTo(id);
  await until('dan', 'dropped', 'do-not-disturb', '`do-not-disturb`');
});

it('read, expired, or its receiver left, while it waited', async () => {
  const read = await waiting('eve');
  const pc = await cluster.connect('eve');
  await pc.markRead({ user: ann }, 1);
  await waitUntil(async () => (await pc.unread()).total === 0, { what: 'it is read' });
  await pc.close();
  await wake(read);
  await until('eve', 'dropped', 'read', '`read`');

  const late = await waiting('fay');
  await cluster.sql('UPDATE push_job SET expires_at = now() WHERE user_id = $1', [late]);
  await wake(late);
  await until('fay', 'dropped', 'expired', '`expired`');

  const gone = await waiting('gus');
  const left = await api.call('changeUser', { path: { user_id: gone }, body: { disabled: true } });
  expect(left.status).toBe(200);
  await wake(gone);
  await until('gus', 'dropped', 'user-left', '`user-left`');
  const listed = await api.call('listPushes', { path: { user_id: gone } });
  expect(JSON.stringify(listed.body), 'also over the API').toContain('user-left');
});

it('in a group that the user has muted or left', async () => {
  const [muting, leaving] = [await newUser('hal'), await newUser('ian')];
  const client = await cluster.connect('ann');
  const group = await client.groups.create('Team', [muting, leaving]);
  stand.apns.misbehaviours.push(busy, busy);
  await client.send({ group }, 'hello');
  await until('hal', 'waiting', 'Shutdown', 'waiting');
  await until('ian', 'waiting', 'Shutdown', 'waiting');
  const hal = await cluster.connect('hal', { clientType: ClientType.ANDROID });
  await hal.groups.setMuted(group, true);
  await client.groups.removeMembers(group, [leaving]);
  await hal.close();
  await client.close();
  await wake(muting);
  await until('hal', 'dropped', 'shielded', '`shielded`');
  await wake(leaving);
  await until('ian', 'dropped', 'not-a-member', '`not-a-member`');
});

it('for a phone that is unregistered now, was before, or belongs to another user', async () => {
  const id = await waiting('jan');
  const zoe = await cluster.connect('zoe');
  stand.apns.misbehaviours.push({ status: 410, reason: 'Unregistered' });
  await zoe.send({ user: id }, 'to a phone that is gone');
  await zoe.close();
  await waitUntil(async () => (await why('jan')).some(({ outcome }) => outcome === 'gone'), {
    what: 'the phone is gone',
    timeoutMs: 30_000,
  });
  seen.add('gone');
  await wake(id);
  await until('jan', 'dropped', 'device-gone', '`device-gone`');

  const removed = await waiting('pam');
  const { body } = await api.call('listDevices', { path: { user_id: removed } });
  const [device] = (body as { devices: { device_id: number }[] }).devices;
  await api.call('removeDevice', { path: { user_id: removed, device_id: device?.device_id ?? 0 } });
  await until('pam', 'dropped', 'device-removed', '`device-removed`');

  // Simulates a token that moves at this moment; normally its jobs are deleted with it.
  const moved = await waiting('kim');
  await cluster.sql('UPDATE push_device SET user_id = $2 WHERE user_id = $1', [moved, ann]);
  await wake(moved);
  await until('kim', 'dropped', 'device-moved', '`device-moved`');
});

it('refused or not supported by the provider, or without a provider', async () => {
  const refused = await newUser('leo');
  stand.apns.misbehaviours.push({ status: 400, reason: 'BadPriority' });
  await sendTo(refused);
  await until('leo', 'dropped', 'BadPriority', "the provider's answer");

  const { mia, ned } = await cluster.addUsers(['mia', 'ned']);
  maker.phones.add('a-vivo-phone');
  await stand.phoneOf('mia', { token: 'vivo:a-vivo-phone', clientType: ClientType.ANDROID });
  const pc = await cluster.connect('mia');
  await sendTo(mia);
  await until('mia', 'dropped', 'banners only', '`banners only`');
  await pc.close();
  await sendTo(mia, 'now with a banner');
  await until('mia', 'accepted', '1', 'accepted');

  await stand.phoneOf('ned', { token: 'oppo:a-phone', clientType: ClientType.ANDROID });
  await sendTo(ned);
  await until('ned', 'dropped', 'no-provider', '`no-provider`');
});

it('the tests above cover every outcome in the guide and the API', async () => {
  const [, table = ''] =
    /## Why did it not ring\?.*?\n\|---[^\n]*\n(.*?)\n\n/s.exec(readFileSync(guide, 'utf8')) ?? [];
  const documented = table.split('\n').flatMap((row) => {
    const [, outcome = '', reason = ''] = row.split('|').map((cell) => cell.trim());
    return outcome === '`dropped`' ? reason : outcome.replaceAll('`', '');
  });
  expect(documented.length).toBeGreaterThan(10);
  expect([...seen].sort()).toEqual([...new Set(documented)].sort());
  const document = (await (await fetch(`${cluster.url('http_msg_server')}/v1/openapi.json`)).json()) as {
    components: { schemas: { Push: { properties: { outcome: { enum: string[] } } } } };
  };
  const { enum: outcomes } = document.components.schemas.Push.properties.outcome;
  const dropped = (name: string) => name.startsWith('`') || name.includes(' ');
  const kinds = [...seen].map((name) => (dropped(name) ? 'dropped' : name));
  expect([...new Set(kinds)].sort()).toEqual([...outcomes].sort());
});
