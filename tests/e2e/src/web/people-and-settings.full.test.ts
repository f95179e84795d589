import { ClientType, type TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { png } from './png.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

let web: WebInstallation;
let ids: Record<'ann' | 'ben' | 'cat', number>;
let ann: WebClientPage;
let ben: WebClientPage;
/** An old client of ann's. */
let phone: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'ben', 'cat']);
  await web.cluster.sql(
    `INSERT INTO department (id, name, parent_id, priority) VALUES (1, 'Galaxy', 0, 0), (2, 'Sales', 1, 2), (3, 'Research', 1, 1)`,
  );
  await web.cluster.sql(
    `UPDATE im_user SET department_id = 3, real_name = 'Cat Carter', tel = '555 0199', email = 'cat@example.com' WHERE id = $1`,
    [ids.cat],
  );
  ann = await WebClientPage.open(web.browsers[0], web.url);
  ben = await WebClientPage.open(web.browsers[1], web.url);
  await ann.enter('ann');
  await ben.enter('ben');
}, 120_000);
afterAll(() => web?.stop());
beforeEach(async () => {
  phone = await web.cluster.connect('ann', { server: 1, clientType: ClientType.ANDROID });
});
afterEach(async () => {
  await phone.close();
  for (const page of [ann, ben]) expect(await page.harm()).toEqual(noHarm);
});

const button = (client: WebClientPage, name: string | RegExp) =>
  client.page.getByRole('button', { name, exact: true });
const dialog = () => ann.page.locator('dialog[open]');

it('contacts are a tree of departments, by their priority, and show profiles', async () => {
  await button(ann, 'Contacts').click();
  const heads = ann.page.locator('.folder-head .row-name');
  await heads.filter({ hasText: 'Research' }).waitFor();
  expect(await heads.allTextContents()).toEqual(['Galaxy', 'Research', 'Sales', 'Others']);
  expect(await ann.row('cat').count()).toBe(0);
  await button(ann, /^Research/).click();
  await ann.row('cat').click();
  await ann.title('cat').waitFor();
  await ann.page.locator('.chat-title').click();
  await dialog().getByText('555 0199').waitFor();
  const facts = await dialog().locator('.facts dd').allTextContents();
  expect(facts).toEqual(expect.arrayContaining(['Cat Carter', 'Research', 'cat@example.com', '555 0199']));
  await ann.page.keyboard.press('Escape');
});

it('the own signature and picture are shown to others at once', async () => {
  await ben.openContact('ann');
  await ben.page.locator('.chat-title').click();
  const profile = ben.page.locator('dialog[open]');
  await button(ann, 'Your profile').click();
  await dialog().locator('input[name=signature]').fill('在路上');
  await button(ann, 'Save').click();
  await profile.getByText('在路上').waitFor();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: png });
  await profile.locator('.avatar img').waitFor();
  const [own] = await phone.usersInfo([ids.ann]);
  expect(await profile.locator('.avatar img').getAttribute('src')).toBe(own?.avatarUrl);
  expect(own).toMatchObject({ signInfo: '在路上', avatarUrl: expect.stringMatching(/_3x2\.png$/) });
  for (const { page } of [ann, ben]) await page.keyboard.press('Escape');
});

describe('settings', () => {
  const reopened = async () => {
    await ann.page.reload();
    await ann.page.locator('.main-screen').waitFor();
  };

  it('do not disturb applies to the user’s phones', async () => {
    await button(ann, 'Settings').click();
    const disturb = dialog().locator('input[name=do-not-disturb]');
    for (const isOn of [true, false]) {
      await disturb.click();
      await waitUntil(async () => (await phone.settings.doNotDisturb()) === isOn, { what: `${isOn}` });
    }
    await ann.page.keyboard.press('Escape');
  });

  it('language and appearance change at once, and stay after a reload', async () => {
    await button(ann, 'Settings').click();
    await dialog().locator('select[name=theme]').selectOption('dark');
    await dialog().locator('select[name=language]').selectOption('zh');
    await dialog().getByText('设置').waitFor();
    await reopened();
    const { lang, theme } = (await ann.page.evaluate(
      '({ lang: document.documentElement.lang, theme: document.documentElement.dataset.theme })',
    )) as Record<string, string>;
    expect([lang, theme]).toEqual(['zh-CN', 'dark']);
    await button(ann, '设置').click();
    await dialog().locator('select[name=language]').selectOption('en');
    await ann.page.keyboard.press('Escape');
    await button(ann, 'Settings').waitFor();
  });
});

describe('a chat', () => {
  it('can be removed from the list, also on the user’s other clients, until the next message', async () => {
    await ben.openContact('ann');
    await ben.send('hello');
    await ann.openChat('ben');
    await ann.message('hello').waitFor();
    const removed: unknown[] = [];
    phone.on('sessionRemoved', ({ session }) => removed.push(session));
    await ann.page.locator('.chat-title').click();
    await button(ann, 'Remove the chat from the list').click();
    await ann.row('ben').waitFor({ state: 'detached' });
    await waitUntil(() => removed.length === 1, { what: 'the phone is told' });
    expect(removed).toEqual([{ user: ids.ben }]);
    await ben.send('back again');
    await ann.row('ben').locator('.row-preview', { hasText: 'back again' }).waitFor();
  });

  it('keeps its draft while another is open, and after a reload', async () => {
    const draft = ann.page.locator('.composer textarea');
    await ann.openContact('ben');
    await draft.fill('not finished');
    await ann.openContact('cat');
    expect(await draft.inputValue()).toBe('');
    await draft.fill('for cat');
    await ann.page.reload();
    await ann.title('cat').waitFor();
    expect(await draft.inputValue()).toBe('for cat');
    await ann.openContact('ben');
    expect(await draft.inputValue()).toBe('not finished');
    await draft.press('Enter');
    await ann.message('not finished').waitFor();
    await ann.page.reload();
    await ann.title('ben').waitFor();
    expect(await draft.inputValue()).toBe('');
  });

  it('keeps no draft when the user has logged out', async () => {
    const draft = ann.page.locator('.composer textarea');
    await ann.openContact('cat');
    await draft.fill('forget it');
    await button(ann, 'Settings').click();
    await button(ann, 'Log out').click();
    await ann.enter('ann');
    await ann.openContact('cat');
    expect(await draft.inputValue()).toBe('');
  });
});
