import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { teamtalk } from '../command/run.js';
import { ConsoleStand, choose, confirm, consolePassword, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let ids: Record<'ann' | 'ben' | 'hal' | 'leo', number>;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  const { cluster } = stand;
  ids = await cluster.addUsers(['ann', 'ben', 'hal', 'leo']);
  const leo = await cluster.connect('leo');
  await leo.send({ user: ids.ann }, 'from leo');
  await leo.send({ user: ids.ann }, 'from leo, too');
  await leo.close();
  const ann = await cluster.connect('ann');
  await ann.send({ user: ids.leo }, 'from ann');
  await ann.close();
  // An account made after the request could not approve it.
  await (await stand.enter('bea', 'administrator')).close();
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const card = (of: Page, title: string) => of.getByRole('region', { name: title });
const rows = (of: Page, title: string) => card(of, title).locator('tbody tr').allTextContents();

it('export: one person requests it', async () => {
  await visit(page, 'lifecycle');
  await page.getByText('No messages have been exported').waitFor();
  await page.getByRole('button', { name: 'New export' }).click();
  await page.getByText('Somebody else has to approve it. It can').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  // Escape cancels the dialog.
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'New export' }).click();
  await page.locator('dialog [name=find-user]').fill('ann');
  await page.getByRole('button', { name: 'Choose: ann' }).click();
  await page.getByRole('button', { name: 'Request export' }).click();
  // The browser's validation requires the reason.
  expect(await page.locator('dialog [name=reason]:invalid').count()).toBe(1);
  await page.locator('dialog [name=reason]').fill('case 12');
  await page.keyboard.press('Enter');
  await page.getByText('Requested. Somebody else').waitFor();
  await expect
    .poll(() => rows(page, 'Exports of messages'), patiently)
    .toEqual([expect.stringMatching(/^anncase 12console admin.*waiting for approval$/)]);
  // The requester cannot approve.
  expect(await card(page, 'Exports of messages').locator('tbody button').count()).toBe(0);
});

it('export: an account that was created after the request cannot approve it', async () => {
  const straw = await stand.enter('straw', 'administrator');
  const approve = async (name: string, reason: string) => {
    await straw.getByRole('button', { name }).click();
    const dialog = straw.locator('dialog[open]');
    await dialog.locator('button.main').click();
    await dialog.getByRole('alert').getByText(reason, { exact: true }).waitFor();
    await straw.keyboard.press('Escape');
  };
  await visit(straw, 'lifecycle');
  await approve(
    'Approve: ann',
    'You cannot approve this export: you requested it, or your account was created or changed after the request.',
  );
  await choose(straw, 'language', 'zh-CN');
  await approve('批准: ann', '您不能批准此导出：您是申请人，或者您的账号是在提出申请之后创建或更改的。');
  await choose(straw, 'language', 'en');
  await straw.close();
});

it('export: another person approves; the page shows the command and its result', async () => {
  // Replaces the browser's cookie: from here on, this person is logged in.
  await page.context().clearCookies();
  const second = await stand.open();
  await second.fill('[name=name]', 'bea');
  await second.fill('[name=password]', consolePassword);
  await second.click('button[type=submit]');
  await second.locator('nav').waitFor();
  await visit(second, 'lifecycle');
  await second.getByRole('button', { name: 'Approve: ann' }).click();
  expect(await second.locator('dialog').textContent()).toContain('console admin');
  expect(await seriousFaults(second)).toEqual([]);
  await confirm(second);
  await expect
    .poll(() => rows(second, 'Exports of messages'), patiently)
    .toEqual([expect.stringContaining('approved by console bea')]);
  const command = await card(second, 'Exports of messages').locator('code').textContent();
  expect(command).toMatch(/^teamtalk export write \d+ …$/);

  const words = command?.split(' ').slice(1, -1) ?? [];
  const parent = await mkdtemp(path.join(tmpdir(), 'teamtalk-export-'));
  try {
    const folder = path.join(parent, 'case');
    const env = { DATABASE_URL: stand.cluster.database.url };
    const written = await teamtalk([...words, folder], env);
    expect(written).toMatchObject({ status: 0 });
    const lines = (await readFile(path.join(folder, 'messages.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(3);
    await second.reload();
    await expect
      .poll(() => rows(second, 'Exports of messages'), patiently)
      .toEqual([expect.stringContaining(written.stdout.trim())]);
    expect(await rows(second, 'Exports of messages')).toEqual([
      expect.stringContaining('3 messages written'),
    ]);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
  await page.close();
  page = second;
});

it('erasure: only users who have left are listed, and a hold prevents it', async () => {
  const { cluster } = stand;
  await cluster.sql('UPDATE im_user SET status = 3 WHERE id = ANY ($1::int4[])', [[ids.hal, ids.leo]]);
  await cluster.sql(
    `INSERT INTO legal_hold (reason, user_id, placed_by) VALUES ('case 9', $1, 'console admin')`,
    [ids.hal],
  );
  await visit(page, 'lifecycle');
  await page.getByText('Nobody has been erased').waitFor();
  await page.getByRole('button', { name: 'Erase a person' }).click();
  await page.locator('dialog [name=find-user]').fill('ann');
  await page.locator('dialog').getByText('No matching users').waitFor();
  await page.locator('dialog [name=find-user]').fill('hal');
  await page.getByRole('button', { name: 'Choose: hal' }).click();
  await page.locator('dialog [name=reason]').fill('request 1');
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  await page.locator('dialog').getByRole('alert').getByText('The person is under a legal hold.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Nobody has been erased').waitFor();
  expect(await cluster.sql('SELECT FROM erasure')).toEqual([]);
});

it('erasure: erases a user after confirmation, and provides the certificate', async () => {
  const { cluster } = stand;
  await page.getByRole('button', { name: 'Erase a person' }).click();
  await page.locator('dialog [name=find-user]').fill('leo');
  await page.getByRole('button', { name: 'Choose: leo' }).click();
  const warning = page.locator('dialog .notice.bad');
  expect(await warning.textContent()).toContain('This cannot be undone.');
  expect(await warning.textContent()).toContain('leo');
  expect(await seriousFaults(page)).toEqual([]);
  await page.locator('dialog [name=reason]').fill('request 2');
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  await page.getByText('The person is being erased.').waitFor();

  // Runs in the background; the page refreshes by itself.
  await page.getByRole('button', { name: `Certificate: erased-${ids.leo}` }).waitFor({ timeout: 30_000 });
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Certificate: erased-${ids.leo}` }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^erasure-\d+\.json$/);
  expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toMatchObject({
    user_id: ids.leo,
    name: `erased-${ids.leo}`,
    reason: 'request 2',
    requested_by: 'console bea',
    finished_at: expect.stringMatching(/Z$/),
    messages: 2,
    held: 0,
  });
  const ann = await cluster.connect('ann');
  // Newest first; messages of others remain.
  expect((await ann.history({ user: ids.leo })).map(({ text }) => text)).toEqual([
    'from ann',
    '[已清除]',
    '[已清除]',
  ]);
  await ann.close();
  expect(stand.problems).toEqual([]);
});
