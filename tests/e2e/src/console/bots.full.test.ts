import type { TeamTalkClient } from '@teamtalk/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let ann: TeamTalkClient;
const got: string[] = [];

beforeAll(async () => {
  stand = await ConsoleStand.start({}, {}, { http_msg_server: 1 });
  await stand.cluster.addUsers(['ann', 'ben']);
  ann = await stand.cluster.connect('ann');
  ann.on('message', ({ text }) => got.push(text ?? ''));
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const row = (text: string) => page.locator('tbody tr', { hasText: text });

/** @returns what the console shows once */
async function shownOnce(): Promise<string> {
  const shown = (await page.getByTestId('shown-once').textContent()) ?? '';
  await press('I have saved it');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  return shown;
}

/** The bot, logged in with this token. @throws when it is refused */
const logIn = (by: string) => stand.cluster.connect('ci', { token: by });

let token: string;

it('adds a bot, which logs in with the token that is shown once', async () => {
  await visit(page, 'bots');
  await page.getByText('No bots yet').waitFor();
  expect(await page.getByRole('button', { name: 'New hook' }).count()).toBe(0);
  await press('New bot');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=name]').fill('ci');
  await dialog.locator('[name=nick_name]').fill('Builds');
  await press('Add bot');
  token = await shownOnce();
  await row('Builds').getByText('active').waitFor();
  await (await logIn(token)).close();
});

it('replaces and revokes the token, and logs the bot out', async () => {
  const bot = await logIn(token);
  const closed = new Promise<void>((resolve) => bot.once('kicked', () => resolve()));
  await page.getByRole('button', { name: 'New token: ci' }).click();
  await page.locator('dialog[open] button.main', { hasText: 'New token' }).click();
  const renewed = await shownOnce();
  await closed;
  await expect(logIn(token)).rejects.toThrow();
  await (await logIn(renewed)).close();
  await page.getByRole('button', { name: 'Revoke token: ci' }).click();
  await confirm(page);
  await row('Builds').getByText('no token').waitFor();
  await expect(logIn(renewed)).rejects.toThrow();
});

it('adds a hook: what is posted to its path reaches an old client; once removed, nothing does', async () => {
  await press('New hook');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=name]').fill('alerts');
  await press('Add hook');
  await dialog.getByText('Choose the receivers.').waitFor();
  await choose(page, 'kind', 'group');
  const group = await ann.groups.create('Release', []);
  await dialog.locator('[name=find-group]').fill('Release');
  await dialog.getByRole('button', { name: 'Choose: Release' }).click();
  await press('Add hook');
  await dialog.getByText('the bot is not a member of the group').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const [bot] = await stand.cluster.sql<{ id: number }>(`SELECT id FROM im_user WHERE name = 'ci'`);
  await ann.groups.addMembers(group, [bot?.id ?? 0]);
  await press('Add hook');
  const path = await shownOnce();
  expect(path).toMatch(/^\/hooks\/[\w-]{43}$/);
  await row('alerts').waitFor();
  const post = () =>
    fetch(`${stand.cluster.url('http_msg_server')}${path}`, { method: 'POST', body: '{"text":"it is red"}' });
  expect((await post()).status).toBe(200);
  await expect.poll(() => got, patiently).toEqual(['it is red']);
  await page.getByRole('button', { name: 'Remove: alerts' }).click();
  await confirm(page);
  await page.getByText('No hooks yet').waitFor();
  expect((await post()).status).toBe(404);
});

it('no token is in the audit, and each change is one event', async () => {
  const audit = await stand.cluster.sql<{ verb: string; text: string }>(
    `SELECT verb, e::text AS text FROM audit_event e WHERE verb ~ '^(bot|hook)\\.' ORDER BY id`,
  );
  const verbs = ['bot.create', 'bot.token', 'bot.token', 'hook.create', 'hook.delete'];
  expect(audit.map(({ verb }) => verb)).toEqual(verbs);
  for (const { text } of audit) expect(text).not.toContain(token);
});

// Must be last: it replaces the browser's cookie.
it('an auditor sees bots but cannot change them', async () => {
  const auditor = await stand.enter('olga', 'auditor');
  await visit(auditor, 'bots');
  await auditor.locator('tbody tr').first().waitFor();
  expect(await auditor.locator('main button:not(.saves *)').allTextContents()).toEqual([]);
  await auditor.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
