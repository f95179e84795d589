import { blobSource, ClientType, imageText, MsgType, sendFile, type TeamTalkClient } from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { FaultProxy } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { opusRecording } from './recordings.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

let web: WebInstallation;
let ids: Record<'ann' | 'ben', number>;
/** The network between the page and msg_server. */
let network: FaultProxy;
let ann: WebClientPage;
/** An old client. */
let ben: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  const { cluster } = web;
  ids = await cluster.addUsers(['ann', 'ben']);
  network = await FaultProxy.start(() => [{ host: '127.0.0.1', port: cluster.port('msg_server', 0, 'ws') }]);
  await cluster.add('web_server', {
    WEB_SOCKET_URLS: `ws://127.0.0.1:${network.port}/`,
    FILE_SERVER_URL: `ws://127.0.0.1:${cluster.port('file_server', 0, 'ws')}/`,
    MSFS_URL: cluster.url('msfs'),
  });
  ben = await cluster.connect('ben', {
    server: 1,
    clientType: ClientType.ANDROID,
    client: { reconnect: true },
  });
  await ben.settings.setSignature('on a bicycle');
  const group = await createGroup(ben, [ids.ann], 'Cyclists');
  await writeEverything(group);
  ann = await WebClientPage.open(web.browsers[0], cluster.url('web_server', 1));
  await ann.enter('ann');
  await ann.openChat('ben');
  await ann.send('see https://example.com, too');
}, 120_000);
afterAll(async () => {
  await network?.close();
  await web?.stop();
});

/** Writes one of every kind of message. */
async function writeEverything(group: number): Promise<void> {
  const session = { user: ids.ann };
  await ben.send(session, 'hello https://example.com [牙牙大笑]');
  await ben.send(session, imageText(`${web.cluster.url('msfs')}/missing_20x10.png`));
  const voice = Buffer.concat([Buffer.from([0, 0, 0, 2]), opusRecording(2)]);
  await ben.send(session, voice, { type: MsgType.SINGLE_AUDIO });
  await ben.send(session, Buffer.from('\0\0\0\x03a Speex recording'), { type: MsgType.SINGLE_AUDIO });
  await ben.send({ group }, 'to all of us');
  await sendFile(ben, ids.ann, blobSource(new Blob(['x'.repeat(5_000)]), 'report.pdf'), { offline: true });
}

const dialog = () => ann.page.locator('dialog[open]');
const opened = (name: string) => async () => {
  await button(name).click();
  await dialog().waitFor();
};
async function closed(): Promise<void> {
  await dialog().getByRole('button', { name: 'Close' }).click();
  await dialog().waitFor({ state: 'detached' });
}
/** The button's name includes the number of unread messages. */
const chats = () => ann.page.getByRole('button', { name: /^Chats/ });
const button = (name: string) => ann.page.getByRole('button', { name, exact: true });

/** Every screen of a logged-in user: how to open and leave it. */
const screens: Record<string, [go: () => Promise<void>, leave?: () => Promise<void>]> = {
  chats: [() => chats().click()],
  'chats of which none is found': [
    () => ann.page.getByRole('searchbox', { name: 'Search chats' }).fill('nobody'),
    () => ann.page.getByRole('searchbox', { name: 'Search chats' }).fill(''),
  ],
  'a chat': [
    async () => {
      await ann.openChat('ben');
      await ann.file('report.pdf').waitFor();
      await ann.page.locator('.message', { hasText: 'The image cannot be shown.' }).waitFor();
    },
  ],
  'a search in a chat': [
    async () => {
      await button('Search the loaded messages').click();
      await ann.page.getByRole('searchbox', { name: 'Search the loaded messages' }).fill('hello');
      await ann.page.locator('.message.found').waitFor();
    },
    () => ann.page.keyboard.press('Escape'),
  ],
  'emoji to choose from': [() => button('Emoji').click(), () => button('Emoji').click()],
  'a profile': [
    async () => {
      await ann.page.locator('.chat-title').click();
      await dialog().getByText('on a bicycle').waitFor();
    },
    closed,
  ],
  'the own profile': [opened('Your profile'), closed],
  settings: [opened('Settings'), closed],
  'a new group': [opened('New group'), closed],
  'a group': [
    async () => {
      await ann.openChat('Cyclists');
      await ann.message('to all of us').waitFor();
    },
  ],
  'what is known of a group': [
    async () => {
      await ann.page.locator('.chat-title').click();
      await dialog().locator('.member').first().waitFor();
    },
    closed,
  ],
  'members to add': [
    async () => {
      await ann.page.locator('.chat-title').click();
      await button('Add members').click();
      await dialog().locator('.picker-rows').waitFor();
    },
    async () => {
      await dialog().getByRole('button', { name: 'Close' }).click();
      // It was opened from the group's dialog.
      await dialog().locator('.members').waitFor();
      await closed();
    },
  ],
  contacts: [() => button('Contacts').click()],
  'no connection': [
    async () => {
      network.cut();
      await ann.page.getByText('No connection.').waitFor();
    },
    async () => {
      network.restore();
      await ann.page.getByText('No connection.').waitFor({ state: 'detached', timeout: 60_000 });
    },
  ],
};

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it('no screen has a serious accessibility violation', async () => {
    await button('Settings').click();
    await ann.page.locator('select[name=theme]').selectOption(theme);
    await closed();
    const found: string[] = [];
    for (const [name, [go, leave]] of Object.entries(screens)) {
      await go();
      for (const fault of await seriousFaults(ann.page)) found.push(`${name}: ${fault}`);
      await leave?.();
    }
    const login = await WebClientPage.open(web.browsers[1], web.cluster.url('web_server', 1));
    await login.page.emulateMedia({ colorScheme: theme });
    await login.logIn('ann', 'wrong');
    await login.page.getByText('Wrong name or password.').waitFor();
    for (const fault of await seriousFaults(login.page)) found.push(`a login: ${fault}`);
    await login.page.close();
    const second = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
    await second.page.getByText('ann is logged in in another tab').waitFor();
    for (const fault of await seriousFaults(second.page)) found.push(`a second tab: ${fault}`);
    await second.page.close();
    expect(found).toEqual([]);
  }, 240_000);
});

it('chats fit the width of a phone', async () => {
  await ann.page.setViewportSize({ width: 390, height: 844 });
  for (const chat of ['ben', 'Cyclists']) {
    await button('Back').click();
    await chats().click();
    await ann.openChat(chat);
    expect(await ann.page.evaluate('document.documentElement.scrollWidth'), chat).toBe(390);
  }
  await ann.page.setViewportSize({ width: 1280, height: 800 });
});

describe('a chat', () => {
  const names = () => ann.page.locator('.list-pane .row-name').allTextContents();
  /** Sets a switch in the dialog of the open chat. */
  async function mark(name: 'pinned' | 'muted', isOn: boolean): Promise<void> {
    await ann.page.locator('.chat-title').click();
    await dialog().locator(`input[name=${name}]`).setChecked(isOn);
    await closed();
  }

  it('stays at the top while pinned, even after a reload', async () => {
    await chats().click();
    await ann.openChat('ben');
    await mark('pinned', true);
    await expect.poll(names).toEqual(['ben', 'Cyclists']);
    await mark('pinned', false);
    await ann.openChat('Cyclists');
    await mark('pinned', true);
    await expect.poll(names).toEqual(['Cyclists', 'ben']);
    await ann.page.reload();
    await ann.row('Cyclists').getByRole('img', { name: 'Pinned' }).waitFor();
    await expect.poll(names).toEqual(['Cyclists', 'ben']);
  });

  it('causes no notifications while muted, but counts unread messages', async () => {
    await ann.page.addInitScript(`
      window.__told = [];
      window.Notification = class { static permission = 'granted'; constructor(title) { __told.push(title); } close() {} };
    `);
    await ann.page.reload();
    await ann.openChat('Cyclists');
    const told = () => ann.page.evaluate('__told');
    await ben.send({ user: ids.ann }, 'a loud one');
    await expect.poll(told).toEqual(['ben']);
    await ann.openChat('ben');
    await mark('muted', true);
    await ann.row('ben').getByRole('img', { name: 'Muted' }).waitFor();
    await ann.openChat('Cyclists');
    await ben.send({ user: ids.ann }, 'a silent one');
    await ann.row('ben').locator('.badge', { hasText: '1' }).waitFor();
    expect(await told()).toEqual(['ben']);
  });
});

it('no page violated its policy', async () => {
  expect(await ann.harm()).toEqual(noHarm);
});
