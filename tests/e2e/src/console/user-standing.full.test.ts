import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, confirm, visit } from './stand.js';

let stand: ConsoleStand;
let owner: Page;
let ids: Record<'ann' | 'ben', number>;
let groupId: number;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  owner = await stand.enter('the owner', 'owner');
  ids = await stand.cluster.addUsers(['ann', 'ben']);
  const [ann, ben] = [await stand.cluster.connect('ann'), await stand.cluster.connect('ben')];
  groupId = await ben.groups.create('project', [ids.ben, ids.ann]);
  await ann.send({ user: ids.ben }, 'one');
  await ann.send({ user: ids.ben }, 'two');
  await ann.send({ group: groupId }, 'three');
});
afterAll(async () => {
  await stand?.stop();
});

const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

it('shows what a user has unread by conversation, their groups, apps and console account', async () => {
  await stand.cluster.addApp('payroll', { userId: ids.ben });
  await stand.setupLink('ben of the console', 'help_desk', undefined, 'BEN@example.com');
  await stand.cluster.sql(`UPDATE im_user SET email = 'ben@example.com' WHERE id = $1`, [ids.ben]);
  await visit(owner, `users/${ids.ben}`);
  const unread = card(owner, 'Unread messages');
  await unread.getByText('Messages: 3, in conversations: 2').waitFor();
  expect(await unread.locator('tbody tr').allTextContents()).toEqual(['ann 2', 'project group1']);
  const standing = card(owner, 'What they may do');
  await standing.getByRole('link', { name: 'project' }).waitFor();
  await standing.getByText('payroll').waitFor();
  await standing.getByText('ben of the console · Help desk').waitFor();
  expect(await seriousFaults(owner)).toEqual([]);
});

it('deletes a console account, whose name stays in the audit', async () => {
  await stand.setupLink('gone soon', 'administrator');
  await visit(owner, 'accounts');
  await owner.getByRole('button', { name: 'Delete: gone soon' }).click();
  expect(await confirm(owner)).toContain('gone soon');
  await owner.getByText('gone soon was deleted.').waitFor();
  expect(await owner.getByRole('button', { name: 'Delete: the owner' }).count()).toBe(0);
  await visit(owner, 'audit');
  await owner.getByText('account deleted').waitFor();
  expect(await owner.getByRole('row', { name: /account deleted/ }).textContent()).toContain('gone soon');
});

it('shows a viewer only the numbers', async () => {
  const viewer = await stand.enter('vic', 'viewer');
  await visit(viewer, `users/${ids.ben}`);
  const unread = card(viewer, 'Unread messages');
  await unread.getByText('Messages: 3, in conversations: 2').waitFor();
  expect(await unread.locator('tbody tr').count()).toBe(0);
  const standing = await viewer.evaluate(async (path) => {
    const { conversations, apps, account, owned } = (await (await fetch(path)).json()) as Record<
      string,
      unknown
    >;
    return { conversations, apps, account, owned };
  }, `/admin/v1/users/${ids.ben}/standing`);
  expect(standing).toEqual({
    conversations: [],
    apps: [],
    account: null,
    owned: [{ id: groupId, name: 'project' }],
  });
  await viewer.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
