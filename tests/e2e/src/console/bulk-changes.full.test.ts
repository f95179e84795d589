import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let ids: Record<string, number>;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  ids = await stand.cluster.addUsers(['quinn', 'quincy', 'rita', 'sam']);
  await stand.cluster.sql(`INSERT INTO department (name) VALUES ('Sales')`);
  page = await stand.enter('ann', 'administrator');
});
afterAll(async () => {
  await stand?.stop();
});

const departmentsOf = (...names: string[]) =>
  stand.cluster.sql(
    `SELECT u.name, d.name AS department FROM im_user u LEFT JOIN department d ON d.id = u.department_id
     WHERE u.name = ANY ($1) ORDER BY u.name`,
    [names],
  );

it('moves users chosen by keyboard, after a preview that names them, and undoes it', async () => {
  await visit(page, 'users');
  await page.getByLabel('Choose quinn').focus();
  await page.keyboard.press('Space');
  await page.getByLabel('Choose rita').check();
  await page.getByText('Users chosen: 2').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Move …' }).click();
  await page.selectOption('select[name=bulk_department]', { label: 'Sales' });
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('heading', { name: 'Move to another department' }).waitFor();
  await page.getByRole('link', { name: 'quinn' }).waitFor();
  await page.getByRole('link', { name: 'rita' }).waitFor();
  expect(await departmentsOf('quinn')).toEqual([{ name: 'quinn', department: null }]);
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  expect(await confirm(page)).toBe('Users to move: 2. To skip: 0.');
  await page.getByText('done', { exact: true }).waitFor();
  expect(await departmentsOf('quinn', 'rita', 'sam')).toEqual([
    { name: 'quinn', department: 'Sales' },
    { name: 'rita', department: 'Sales' },
    { name: 'sam', department: null },
  ]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await confirm(page);
  await page.getByText('undone', { exact: true }).waitFor();
  expect(await departmentsOf('quinn')).toEqual([{ name: 'quinn', department: null }]);
});

it('marks all that match the search as having left: old clients are told as for a single leaver', async () => {
  const [quinn, sam] = [await stand.cluster.connect('quinn'), await stand.cluster.connect('sam')];
  const groupId = await quinn.groups.create('project', [ids.quinn!, ids.sam!]);
  const changes: string[] = [];
  sam.on('group', ({ change, userIds }) => changes.push(`${change} ${userIds.join()}`));
  const kicked = new Promise((resolve) => quinn.once('kicked', resolve));
  await visit(page, 'users');
  await page.fill('[name=text]', 'quin');
  await expect.poll(() => page.locator('tbody tr').count(), patiently).toBe(2);
  await page.getByRole('button', { name: 'All that match' }).click();
  await page.getByText('All users that match the search').waitFor();
  await page.getByRole('button', { name: 'Have left …' }).click();
  await choose(page, 'groups', 'longest');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('link', { name: 'quincy' }).waitFor();
  await page.getByRole('button', { name: 'Mark as having left' }).click();
  expect(await confirm(page)).toContain('2 users are disconnected');
  await kicked;
  await page.getByText('Marked as having left: 2.').waitFor();
  await expect.poll(() => changes, patiently).toEqual([`removed ${ids.quinn}`]);
  expect(await sam.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.sam }]);
  await expect(stand.cluster.connect('quincy')).rejects.toThrow();

  await visit(page, 'users/import');
  await page.getByRole('link', { name: 'Have left' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await confirm(page);
  await page.getByText('undone', { exact: true }).waitFor();
  expect(await sam.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.quinn }]);
  await (await stand.cluster.connect('quincy')).close();
});

it('goes on where it was in another browser', async () => {
  await visit(page, 'users');
  await page.getByLabel('Choose sam').check();
  await page.getByRole('button', { name: 'Move …' }).click();
  await page.selectOption('select[name=bulk_department]', { label: 'Sales' });
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('button', { name: 'Move', exact: true }).waitFor();
  await stand.cluster.sql(
    'UPDATE user_import SET begun_at = now() WHERE id = (SELECT max(id) FROM user_import)',
  );
  const path = new URL(page.url()).hash;
  const other = await stand.enter('ben', 'administrator');
  await visit(other, path.slice(2));
  await other.getByText('not finished').waitFor();
  await other.getByRole('button', { name: 'Continue' }).click();
  await confirm(other);
  await other.getByText('done', { exact: true }).waitFor();
  expect(await departmentsOf('sam')).toEqual([{ name: 'sam', department: 'Sales' }]);
  await other.close();
});

it('offers no choice to a role that may not make bulk changes, and fits a phone', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await visit(page, 'users');
  await page.getByLabel('Choose sam').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await page.setViewportSize({ width: 1366, height: 768 });
  const viewer = await stand.enter('vic', 'viewer');
  await visit(viewer, 'users');
  await viewer.locator('tbody tr').first().waitFor();
  expect(await viewer.getByRole('checkbox').count()).toBe(0);
  await viewer.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
