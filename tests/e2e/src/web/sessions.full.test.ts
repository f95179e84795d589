import { ClientType, type TeamTalkClient } from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

let web: WebInstallation;
let ids: Record<'ann' | 'ben', number>;
/** The network between the page and msg_server. */
let network: FaultProxy;
let ann: WebClientPage;
let ben: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'ben']);
  network = await FaultProxy.start(() => [
    { host: '127.0.0.1', port: web.cluster.port('msg_server', 0, 'ws') },
  ]);
  await web.cluster.add('web_server', {
    WEB_SOCKET_URLS: `ws://127.0.0.1:${network.port}/`,
    MSFS_URL: web.cluster.url('msfs'),
  });
}, 120_000);
afterAll(async () => {
  await network?.close();
  await web?.stop();
});
beforeEach(async () => {
  ben = await web.cluster.connect('ben', { server: 1, clientType: ClientType.ANDROID });
  ann = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
});
afterEach(async () => {
  network.restore();
  expect(await ann.harm()).toEqual(noHarm);
  await ann.page.close();
  await ben.close();
});

describe('a login', () => {
  it('reports a wrong password, and then accepts the right one', async () => {
    await ann.logIn('ann', 'wrong');
    await ann.page.getByText('Wrong name or password.').waitFor();
    await ann.enter('ann');
  });

  it('survives a reload, and ends with “Log out”', async () => {
    await ann.enter('ann');
    await ann.openContact('ben');
    await ann.page.reload();
    await ann.title('ben').waitFor();
    await ann.page.getByRole('button', { name: 'Settings' }).click();
    await ann.page.getByRole('button', { name: 'Log out', exact: true }).click();
    await ann.page.locator('.login').waitFor();
    await ann.page.reload();
    await ann.page.locator('.login').waitFor();
  });

  it('coexists with a PC; the sixth page kicks the oldest, which reconnects only on request', async () => {
    await ann.enter('ann');
    const desktop = await web.cluster.connect('ann', { server: 1 });
    const pages: TeamTalkClient[] = [];
    for (let i = 0; i < 5; i++) {
      pages.push(await web.cluster.connect('ann', { server: 1, clientVersion: 'web/1' }));
    }
    await ann.page.getByText('You are logged in elsewhere').waitFor();
    await ben.send({ user: ids.ann }, 'who has it?');
    for (const client of [desktop, ...pages]) {
      expect(await client.nextMessage(15_000)).toMatchObject({ text: 'who has it?' });
      expect(client.isOnline).toBe(true);
    }
    const kicked = new Promise((resolve) => pages[0]?.once('kicked', resolve));
    await ann.page.getByRole('button', { name: 'Log in here' }).click();
    await ann.page.locator('.main-screen').waitFor();
    await kicked;
    await Promise.all([desktop, ...pages].map((client) => client.close()));
  });
});

describe('a second tab of the browser', () => {
  it('reports that another tab is in use, and takes over on request, without a password', async () => {
    await ann.enter('ann');
    const second = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
    await second.page.getByText('ann is logged in in another tab').waitFor();
    await second.page.getByRole('button', { name: 'Use here' }).click();
    await second.page.locator('.main-screen').waitFor();
    await ann.page.getByText('ann is logged in in another tab').waitFor();
    await ann.page.getByRole('button', { name: 'Use here' }).click();
    await ann.page.locator('.main-screen').waitFor();
    await second.page.getByText('ann is logged in in another tab').waitFor();
    expect(await second.harm()).toEqual(noHarm);
    await second.page.close();
  });

  it('may be logged in as another user', async () => {
    await ann.enter('ann');
    const other = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
    await other.page.getByRole('button', { name: 'Log in as somebody else' }).click();
    await other.enter('ben');
    await other.openContact('ann');
    await other.send('from the same browser');
    await ann.row('ben').locator('.badge').waitFor();
    await other.page.close();
  });
});

/** The texts that ben received from ann, up to this one. */
async function receivedUntil(last: string): Promise<string[]> {
  const texts: string[] = [];
  while (texts.at(-1) !== last) texts.push((await ben.nextMessage(60_000)).text ?? '');
  return texts;
}

describe('messages', () => {
  it('wait while the connection is down, and are sent once it is back', async () => {
    await ann.enter('ann');
    await ann.openContact('ben');
    await ann.send('before');
    network.cut();
    await ann.page.getByText('No connection. Messages are sent when it is back.').waitFor();
    await ann.write('while there is none');
    await ann.page.locator('.outgoing', { hasText: 'Waits for the connection' }).waitFor();
    await ben.send({ user: ids.ann }, 'missed meanwhile');
    network.restore();
    expect(await receivedUntil('while there is none')).toEqual(['before', 'while there is none']);
    await ann.message('while there is none').waitFor();
    await ann.message('missed meanwhile').waitFor();
    expect(await ann.page.locator('.outgoing').count()).toBe(0);
  });

  it.each([
    ['have not reached the server', 'to-target'],
    ['have reached it, but not their acks the page', 'to-client'],
  ] as const)('that %s when the page is reloaded are sent once', async (_, heading) => {
    await ann.enter('ann');
    await ann.openContact('ben');
    await ann.loaded();
    const before = (await ann.ids()).length;
    const stored = () => ben.latestMessageId({ user: ids.ann });
    const known = await stored();
    network.block(heading);
    const texts = ['one', 'two', 'three'].map((word) => `${heading} ${word}`);
    for (const text of texts) await ann.write(text);
    await waitUntil(async () => (await ann.page.locator('.outgoing').count()) === 3, {
      what: 'three that wait',
    });
    if (heading === 'to-client')
      await waitUntil(async () => (await stored()) > known, { what: 'one is stored' });
    const reloading = ann.page.reload();
    network.cut();
    network.restore();
    await reloading;
    await ann.message(texts[2]!).waitFor({ timeout: 60_000 });
    await waitUntil(async () => (await ann.page.locator('.outgoing').count()) === 0, {
      what: 'nothing waits',
      timeoutMs: 60_000,
    });
    expect(await receivedUntil(texts[2]!)).toEqual(texts);
    expect((await ann.texts()).slice(before)).toEqual(texts);
    await ann.page.reload();
    await ann.message(texts[2]!).waitFor();
    await ann.loaded();
    expect((await ann.texts()).slice(before)).toEqual(texts);
  });

  it('to a group that the user was removed from fail with a reason, and can be discarded', async () => {
    const group = await createGroup(ben, [ids.ann], 'Old friends');
    await ben.send({ group }, 'welcome');
    await ann.enter('ann');
    await ann.openChat('Old friends');
    await ann.message('welcome').waitFor();
    await ben.groups.removeMembers(group, [ids.ann]);
    await ann.write('anybody there?');
    await ann.page
      .locator('.outgoing.failed', { hasText: 'it cannot be delivered there any more' })
      .waitFor({ timeout: 60_000 });
    await ann.page.getByRole('button', { name: 'Discard' }).click();
    await ann.page.locator('.outgoing').waitFor({ state: 'detached' });
  });
});
