import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  await stand.cluster.addUsers(['ann', 'ben']);
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const rows = (caption: string) =>
  page.locator('table', { hasText: caption }).locator('tbody tr').allTextContents();

it('sets the retention: old messages disappear from clients, except under a hold', async () => {
  const { cluster } = stand;
  const [ann, ben] = [await cluster.connect('ann'), await cluster.connect('ben')];
  const groupId = await ann.groups.create('team', [ben.userId]);
  await ann.send({ user: ben.userId }, 'old');
  await ann.send({ group: groupId }, 'old');
  await cluster.sql(`UPDATE message SET created_at = now() - interval '400 days'`);
  await ann.send({ user: ben.userId }, 'new');

  await visit(page, 'lifecycle');
  await page.getByText('Everything is kept forever').waitFor();
  await page.getByRole('button', { name: 'New hold' }).click();
  await page.locator('dialog [name=kind]').selectOption('group');
  await page.locator('dialog [name=find-group]').fill('tea');
  await page.getByRole('button', { name: 'Choose: team' }).click();
  await page.locator('dialog [name=reason]').fill('case 7');
  await page.getByRole('button', { name: 'Place hold' }).click();
  await expect.poll(() => rows('Legal holds'), patiently).toEqual([expect.stringContaining('case 7')]);

  await page.getByRole('button', { name: 'New rule' }).click();
  await page.locator('dialog [name=days]').fill('365');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => rows('Retention'), patiently).toEqual([expect.stringContaining('365 days')]);
  // A day passes.
  await cluster.sql('UPDATE retention_rule SET effective_at = now()');
  const history = async (session: { user: number } | { group: number }) =>
    (await ben.history(session)).map(({ msgId, text }) => [msgId, text]);
  await expect.poll(() => history({ user: ann.userId }), { timeout: 30_000 }).toEqual([[2, 'new']]);
  expect(await history({ group: groupId })).toEqual([[1, 'old']]);
  await page.reload();
  await page.locator('.facts', { hasText: 'Removed in total' }).waitFor();

  await page.getByRole('button', { name: 'Release: team' }).click();
  expect(await confirm(page)).toContain('team');
  await page.getByText('No legal holds').waitFor();
  await page.getByRole('button', { name: 'Remove: Everybody' }).click();
  await confirm(page);
  await page.getByText('Everything is kept forever').waitFor();
  expect(stand.problems).toEqual([]);
});
