import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TeamTalkClient } from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { FakeWebPush, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeSubscription, PushWorker } from './push-worker.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x, y } = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' });
const point = [Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')];
const pushKey = Buffer.concat(point).toString('base64url');
const timeoutMs = 20_000;

let fake: FakeWebPush;
let folder: string;
let web: WebInstallation;
let worker: PushWorker;
let ids: Record<'ann' | 'ben' | 'cat', number>;
let ben: TeamTalkClient;
let ann: WebClientPage;

beforeAll(async () => {
  fake = await FakeWebPush.start(pushKey);
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-web-push-'));
  const caFile = path.join(folder, 'ca.pem');
  await writeFile(caFile, fake.ca);
  web = await WebInstallation.start({
    push_server: 1,
    envOf: {
      web_server: { WEBPUSH_KEY_PUBLIC: pushKey },
      push_server: {
        WEBPUSH_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        WEBPUSH_SUBJECT: 'mailto:it@example.com',
        WEBPUSH_HOSTS: new URL(fake.origin).host,
        PUSH_CA_FILE: caFile,
        PUSH_HOLD_MS: '500',
      },
    },
  });
  ids = await web.cluster.addUsers(['ann', 'ben', 'cat']);
  ben = await web.cluster.connect('ben', { server: 1 });
  const [browser] = web.browsers;
  await browser.grantPermissions(['notifications'], { origin: web.url });
  await browser.addInitScript(fakeSubscription(fake.subscribe('laptop')));
  worker = await PushWorker.of(browser);
}, 120_000);
afterAll(async () => {
  await worker?.close();
  await web?.stop();
  await fake?.close();
  if (folder) await rm(folder, { recursive: true });
});

const open = () => WebClientPage.open(web.browsers[0], web.url);
const until = (condition: () => unknown, what: string) =>
  waitUntil(async () => Boolean(await condition()), { what, timeoutMs });
const shown = () => worker.shown();
const bannerOf = (tag: string) => fake.banners.get(`laptop ${tag}`);
const devices = () =>
  web.cluster.sql<{ provider: string; locale: string }>('SELECT user_id, provider, locale FROM push_device');
/** Delivers the push service's last message to the browser. */
const deliver = (said: object | undefined) => worker.deliver(web.url, JSON.stringify(said));

async function settings(page: WebClientPage) {
  await page.page.getByRole('button', { name: 'Settings' }).click();
  return page.page.getByLabel('Notifications when this page is closed');
}

async function closeSettings(page: WebClientPage): Promise<void> {
  await page.page.keyboard.press('Escape');
}

it('a page requests permission only on a click, and then registers the browser', async () => {
  ann = await open();
  await ann.enter('ann');
  const setting = await settings(ann);
  expect(await setting.isChecked()).toBe(false);
  expect(await devices()).toEqual([]);
  await setting.click();
  await until(() => setting.isChecked(), 'it is on');
  expect(await devices()).toEqual([{ user_id: ids.ann, provider: 'webpush', locale: 'en' }]);
  await closeSettings(ann);
});

it('a message is pushed while no page is open, and shown as a notification', async () => {
  expect(await ann.harm()).toEqual(noHarm);
  await ann.page.close();
  await worker.pagesClosed();
  let sent = 0;
  await until(async () => {
    await ben.send({ user: ids.ann }, `are you there? ${++sent}`);
    return bannerOf(`s${ids.ben}`);
  }, 'the push');
  await until(() => bannerOf(`s${ids.ben}`)?.body === `are you there? ${sent}`, 'the newest one');
  await deliver(bannerOf(`s${ids.ben}`));
  const expected = { title: 'ben', body: `are you there? ${sent}`, tag: `u${ids.ben}` };
  await until(async () => (await shown()).length > 0, 'the notification');
  expect(await shown()).toEqual([expected]);
});

it('a newer notification replaces it, and one of a group is added', async () => {
  await ben.send({ user: ids.ann }, 'newer');
  await until(() => bannerOf(`s${ids.ben}`)?.body === 'newer', 'the push');
  await deliver(bannerOf(`s${ids.ben}`));
  await until(async () => (await shown()).some(({ body }) => body === 'newer'), 'the newer one');
  const group = await createGroup(ben, [ids.ann], 'Lunch');
  await ben.send({ group }, 'who is hungry?');
  await until(() => bannerOf(`g${group}`), 'the push of the group');
  await deliver(bannerOf(`g${group}`));
  await until(async () => (await shown()).length === 2, 'two notifications');
  expect(await shown()).toContainEqual({ title: 'Lunch', body: 'ben: who is hungry?', tag: `g${group}` });
});

it('reading elsewhere withdraws a notification', async () => {
  const pc = await web.cluster.connect('ann');
  await pc.markRead({ user: ids.ben }, await pc.latestMessageId({ user: ids.ben }));
  await until(() => bannerOf(`s${ids.ben}`) === undefined, 'the withdrawal');
  await pc.close();
  await deliver(fake.last);
  await until(async () => (await shown()).length === 1, 'one is left');
  expect(await shown()).toMatchObject([{ title: 'Lunch' }]);
});

it('a click opens the conversation in a new window, or in an open page', async () => {
  const [{ tag } = { tag: '' }] = await shown();
  expect(await worker.click()).toBe(`/#${tag}`);
  await ben.send({ user: ids.ann }, 'click me');
  await until(() => bannerOf(`s${ids.ben}`)?.body === 'click me', 'the push');
  await deliver(bannerOf(`s${ids.ben}`));
  await until(async () => (await shown()).some(({ body }) => body === 'click me'), 'the notification');
  ann = await open();
  await ann.enter('ann');
  expect(await worker.click()).toBeUndefined();
  await ann.title('ben').waitFor();
  await ann.message('click me').waitFor();
});

it('nothing is shown while a page has the focus, or for a person muted in this browser', async () => {
  const message = { title: 'ben', body: 'seen already', tag: 's1', badge: 1, from_id: ids.ben };
  await deliver(message);
  await ann.page.locator('.chat-title').click();
  await ann.page.locator('input[name=muted]').check();
  const muted = `caches.match('/muted').then((answer) => answer.json())`;
  await until(async () => ((await ann.page.evaluate(muted)) as string[]).length > 0, 'the worker knows');
  await ann.page.close();
  await worker.pagesClosed();
  await deliver({ ...message, body: 'muted' });
  await deliver({ ...message, from_id: ids.cat, title: 'cat', body: 'not muted' });
  await until(async () => (await shown()).some(({ body }) => body === 'not muted'), 'the one of cat');
  expect((await shown()).map(({ body }) => body)).toEqual(['not muted']);
});

it('it continues after the next login, and ends when another user logs in', async () => {
  ann = await open();
  await ann.enter('ann');
  const setting = await settings(ann);
  await until(() => setting.isChecked(), 'it is on');
  await ann.page.close();
  await worker.pagesClosed();
  const cat = await open();
  await cat.enter('cat');
  await until(
    async () => (await cat.page.evaluate('localStorage.getItem("fake-subscription")')) === null,
    'it is over',
  );
  expect(await (await settings(cat)).isChecked()).toBe(false);
  expect(await cat.harm()).toEqual(noHarm);
  await cat.page.close();
});

it('the switch turns it off, and so does a logout', async () => {
  ann = await open();
  await ann.enter('ann');
  const setting = await settings(ann);
  await setting.click();
  await until(() => setting.isChecked(), 'it is on');
  await setting.click();
  await until(async () => !(await setting.isChecked()), 'it is off');
  await until(async () => (await devices()).length === 0, 'the server has forgotten it');
  await setting.click();
  await until(() => setting.isChecked(), 'it is on again');
  await ann.page.getByRole('button', { name: 'Log out', exact: true }).click();
  await ann.page.locator('.login').waitFor();
  await until(async () => (await devices()).length === 0, 'the server has forgotten it');
  expect(await ann.page.evaluate('localStorage.getItem("fake-subscription")')).toBeNull();
  expect(await ann.harm()).toEqual(noHarm);
  expect(fake.refusals).toEqual([]);
});
