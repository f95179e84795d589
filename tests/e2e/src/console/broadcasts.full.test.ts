import type { TeamTalkClient } from '@teamtalk/client';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, confirm, patiently, visit } from './stand.js';

/** The longest time from the click until an old client has the message, milliseconds. */
const soonMs = 1_000;
/** Users in addition to those who are online: enough for several batches. */
const others = 2_000;

let stand: ConsoleStand;
let page: Page;
let ann: TeamTalkClient;
let botId: number;
const got: string[] = [];

beforeAll(async () => {
  stand = await ConsoleStand.start();
  const { cluster } = stand;
  await cluster.sql(`INSERT INTO department (id, name) VALUES (7, 'Works'), (8, 'Sales')`);
  await cluster.addUsers(['ann', 'ben', 'cat']);
  await cluster.sql(`UPDATE im_user SET department_id = CASE WHEN name = 'ann' THEN 7 ELSE 8 END`);
  // Acts as an old Windows client.
  ann = await cluster.connect('ann');
  ann.on('message', ({ text }) => got.push(text ?? ''));
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const newest = () => page.locator('tbody tr').first();

async function compose(message: string): Promise<void> {
  await visit(page, 'broadcasts/new');
  await page.locator('[name=message]').fill(message);
}

async function send(): Promise<string> {
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  return confirm(page);
}

it('explains what to do before the first broadcast, and when there is no bot', async () => {
  await visit(page, 'broadcasts');
  await page.getByText('No broadcasts yet').waitFor();
  await page.getByRole('link', { name: 'New broadcast' }).click();
  await page.getByText('There is no bot that could send it').waitFor();
  await page.locator('main').getByRole('link', { name: 'Bots and hooks' }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
});

it('sends to a department: the preview counts and shows it, and an old client gets it in a second', async () => {
  const { cluster } = stand;
  botId = (await cluster.addUsers(['notices'])).notices;
  await cluster.sql(`UPDATE im_user SET nick_name = 'Notices' WHERE id = $1`, [botId]);
  await cluster.sql('INSERT INTO bot (user_id) VALUES ($1)', [botId]);
  await page.reload();
  await compose('The lift is out of order. 电梯停用。');
  await page.getByText('Receivers: 3').waitFor();
  await choose(page, 'audience', 'departments');
  await page.locator('p[role=status]', { hasText: 'Choose the receivers.' }).waitFor();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('p[role=alert]', { hasText: 'Choose the receivers.' }).waitFor();

  // Uses the keyboard only.
  await page.locator('[name=department] option', { hasText: 'Sales' }).waitFor({ state: 'attached' });
  await page.locator('[name=department]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('.chosen li', { hasText: 'Sales' }).waitFor();
  await page.getByText('Receivers: 2').waitFor();
  await page.getByRole('button', { name: 'Remove: Sales' }).click();
  await choose(page, 'department', '7');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('Receivers: 1').waitFor();
  expect(await page.locator('.bubble').textContent()).toContain('电梯停用');
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const arrived = new Promise<number>((resolve) => ann.once('message', () => resolve(performance.now())));
  const dialog = page.locator('dialog[open]');
  expect(await dialog.textContent()).toContain('Notices sends “The lift');
  const begin = performance.now();
  await dialog.locator('button.main').click();
  const ms = Math.round((await arrived) - begin);
  console.info(`an old client had the broadcast ${ms} ms after the click`);
  expect(ms).toBeLessThanOrEqual(soonMs);
  expect(got.splice(0)).toEqual(['The lift is out of order. 电梯停用。']);
  await newest().getByText('sent', { exact: true }).waitFor();
  expect(await newest().textContent()).toContain('Works');
  expect(await newest().textContent()).toContain('Receivers: 1');
});

it('sends to members of groups, each once, and to chosen users', async () => {
  const { cluster } = stand;
  const ben = await cluster.connect('ben');
  const fromBot: string[] = [];
  ben.on('message', ({ text }) => fromBot.push(text ?? ''));
  for (const name of ['team red', 'team blue']) await ann.groups.create(name, [ben.userId]);
  await compose('for members');
  await choose(page, 'audience', 'groups');
  for (const name of ['team red', 'team blue']) {
    await page.locator('[name=find-group]').fill(name);
    await page.getByRole('button', { name: `Add: ${name}` }).click();
  }
  await page.getByText('Receivers: 2').waitFor();
  await send();
  await expect.poll(() => [got, fromBot], patiently).toEqual([['for members'], ['for members']]);

  await compose('for ben');
  await choose(page, 'audience', 'users');
  await page.locator('[name=find-user]').fill('ben');
  await page.getByRole('button', { name: 'Add: ben' }).click();
  await page.getByText('Receivers: 1').waitFor();
  await send();
  await expect.poll(() => fromBot, patiently).toEqual(['for members', 'for ben']);
  expect(got.splice(0)).toEqual(['for members']);
  await ben.close();
});

it('waits until it is due, and can be cancelled before', async () => {
  const { cluster } = stand;
  const schedule = async (message: string) => {
    await compose(message);
    await choose(page, 'time', 'later');
    await page.locator('[name=at]').fill('2020-01-01T08:00');
    await page.getByRole('button', { name: 'Schedule' }).click();
    await page.getByText('Choose a time in the future.').waitFor();
    const tomorrow = new Date(Date.now() + 24 * 3_600_000).toISOString().slice(0, 16);
    await page.locator('[name=at]').fill(tomorrow);
    await page.getByRole('button', { name: 'Schedule' }).click();
    await confirm(page);
    await page.locator('tbody tr', { hasText: message }).getByText('scheduled').waitFor();
  };
  await schedule('closed on Friday');
  await schedule('open on Friday');
  await page.getByRole('button', { name: 'Cancel: open on Friday' }).click();
  expect(await confirm(page)).toContain('open on Friday');
  await page.locator('tbody tr', { hasText: 'open on Friday' }).getByText('cancelled').waitFor();
  // A day passes.
  await cluster.sql('UPDATE broadcast_order SET send_at = now() WHERE ended_at IS NULL');
  await page
    .locator('tbody tr', { hasText: 'closed on Friday' })
    .getByText('sent', { exact: true })
    .waitFor();
  await expect.poll(() => got, patiently).toEqual(['closed on Friday']);
  got.length = 0;
});

it('shows its progress; when cancelled while sending, the remaining users get nothing', async () => {
  const { cluster } = stand;
  await cluster.sql(
    `INSERT INTO im_user (name, password_hash) SELECT 'u' || n, '!' FROM generate_series(1, $1::int4) n`,
    [others],
  );
  const [middle] = await cluster.sql<{ id: number }>(
    'SELECT id FROM im_user WHERE id > $1 ORDER BY id OFFSET 700 LIMIT 1',
    [botId],
  );
  // Blocks the second batch by locking one of its conversations.
  const holder = new pg.Client({ connectionString: cluster.database.url });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('INSERT INTO conversation (conv) VALUES (($1::int8 << 32) | $2::int8)', [
      botId,
      middle?.id,
    ]);
    await compose('for all');
    expect(await send()).toContain('Receivers: 2,003');
    await page.getByText('500 of 2,003').first().waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Cancel: for all' }).click();
    // The cancellation waits for the batch, which times out after 2.5 s.
    expect(await confirm(page)).toContain('Those who have keep it');
    await page.locator('tbody tr', { hasText: 'for all' }).getByText('cancelled').waitFor();
  } finally {
    await holder.end();
  }
  const [row] = await cluster.sql<{ stored: number; messages: number }>(
    `SELECT stored_count AS stored,
       (SELECT count(*)::int4 FROM message WHERE from_id = $1 AND data = b.data) AS messages
     FROM broadcast b ORDER BY id DESC LIMIT 1`,
    [botId],
  );
  expect(row).toEqual({ stored: 500, messages: 500 });
  await expect.poll(() => got, patiently).toEqual(['for all']);
});

it('is translated into Chinese', async () => {
  await choose(page, 'language', 'zh-CN');
  await visit(page, 'broadcasts/new');
  await page.getByRole('heading', { name: '新建广播' }).waitFor();
  await page.getByRole('button', { name: '发送' }).waitFor();
  await choose(page, 'language', 'en');
});

// Must be last: it replaces the browser's cookie.
it('an auditor sees broadcasts but cannot send any', async () => {
  const auditor = await stand.enter('olga', 'auditor');
  await visit(auditor, 'broadcasts');
  await auditor.locator('tbody tr').first().waitFor();
  expect(await auditor.locator('main :is(button, a):not(.saves *)').allTextContents()).toEqual([]);
  await visit(auditor, 'broadcasts/new');
  await auditor.getByText('There is no such page').waitFor();
  await visit(auditor, 'audit?verb=broadcast.');
  await expect.poll(() => auditor.locator('tbody tr').allTextContents(), patiently).toHaveLength(8);
  await auditor.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
