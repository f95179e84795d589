import type { GroupChange } from '@teamtalk/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand, choose, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let ids: Record<'ann' | 'ben' | 'cat', number>;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  ids = await stand.cluster.addUsers(['ann', 'ben', 'cat']);
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const labels = () => page.locator('.tree .name').allTextContents();

it('adds departments, moves one with its children, and clients see it', async () => {
  const ann = await stand.cluster.connect('ann');
  await visit(page, 'departments');
  await page.getByText('No departments yet').waitFor();
  for (const [name, button] of [
    ['Company', 'New department'],
    ['Research', 'Add below: Company'],
    ['Web', 'Add below: Research'],
    ['Sales', 'New department'],
  ] as const) {
    await page.getByRole('button', { name: button }).click();
    await page.locator('dialog [name=name]').fill(name);
    await page.getByRole('button', { name: 'Add department' }).click();
    await expect.poll(labels, patiently).toContain(name);
  }
  await page.getByRole('button', { name: 'Edit: Research' }).click();
  const offered = await page.locator('dialog [name=parent_id] option').allTextContents();
  expect(offered).toEqual(['Top level', 'Company', 'Sales']);
  await page.locator('dialog [name=parent_id]').selectOption({ label: 'Sales' });
  await page.locator('dialog [name=name]').fill('Research & development');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(labels, patiently).toEqual(['Company', 'Sales', 'Research & development', 'Web']);

  const { departments } = await ann.departments();
  expect(departments.map(({ deptName }) => deptName)).toContain('Research & development');
  await ann.close();
});

it('moves a user into a department, and deletes only empty departments', async () => {
  await visit(page, `users/${ids.cat}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.locator('[name=department_id]').selectOption({ label: 'Sales / Research & development / Web' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Sales / Research & development / Web').waitFor();

  await visit(page, 'departments');
  await page.getByRole('button', { name: 'Delete: Web' }).click();
  const dialog = page.locator('dialog[open]');
  expect(await dialog.locator('p').first().textContent()).toContain('Web');
  await dialog.locator('button.main').click();
  await dialog.getByRole('alert').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete: Company' }).click();
  await confirm(page);
  await expect.poll(labels, patiently).toEqual(['Sales', 'Research & development', 'Web']);
});

it('creates a group, and notifies its members’ clients of every change', async () => {
  const ann = await stand.cluster.connect('ann');
  const changes: GroupChange[] = [];
  ann.on('group', (change) => changes.push(change));

  await visit(page, 'groups');
  await page.getByText('No groups yet').waitFor();
  await page.getByRole('link', { name: 'New group' }).click();
  await page.fill('[name=name]', 'Lunch');
  for (const name of ['ann', 'ben']) {
    await page.fill('[name=find-user]', name);
    await page.getByRole('button', { name: `Add: ${name}` }).click();
  }
  await page.getByRole('button', { name: 'Create group' }).click();
  await page.getByRole('heading', { name: 'Lunch' }).waitFor();
  const groupId = Number(page.url().split('/').at(-1));
  await expect
    .poll(async () => (await ann.groups.list()).map((group) => group.groupId), patiently)
    .toContain(groupId);

  await page.getByRole('button', { name: 'Add members' }).click();
  await page.fill('[name=find-user]', 'cat');
  await page.getByRole('button', { name: 'Add: cat' }).click();
  await expect
    .poll(() => changes, patiently)
    .toContainEqual(expect.objectContaining({ groupId, change: 'added', userIds: [ids.cat] }));
  await page.getByRole('heading', { name: 'Members (3)' }).waitFor();

  await page.getByRole('button', { name: 'Remove: cat' }).click();
  expect(await confirm(page)).toContain('cat');
  await expect
    .poll(() => changes, patiently)
    .toContainEqual(expect.objectContaining({ groupId, change: 'removed', userIds: [ids.cat] }));

  await page.locator('.page-head').getByRole('button', { name: 'Edit' }).click();
  await page.locator('dialog [name=name]').fill('Long lunch');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Long lunch' }).waitFor();

  await page.getByRole('button', { name: 'Dissolve' }).click();
  expect(await confirm(page)).toContain('Long lunch');
  await page.getByText('No groups yet').waitFor();
  await expect
    .poll(() => changes, patiently)
    .toContainEqual(expect.objectContaining({ groupId, change: 'removed', memberIds: [] }));
});

it('adds, changes and deletes discovery pages', async () => {
  await visit(page, 'discovery');
  await page.getByText('No pages yet').waitFor();
  await page.getByRole('button', { name: 'New page' }).click();
  await page.locator('dialog [name=name]').fill('Intranet');
  await page.locator('dialog [name=url]').fill('https://intranet.example.com/');
  await page.getByRole('button', { name: 'Add page' }).click();
  await page.getByRole('button', { name: 'Edit: Intranet' }).click();
  await page.locator('dialog [name=name]').fill('Home');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Delete: Home' }).click();
  expect(await confirm(page)).toContain('https://intranet.example.com/');
  await page.getByText('No pages yet').waitFor();
});

it('shows the push history of a user, even one without a phone', async () => {
  await visit(page, 'push');
  await page.fill('[name=find-user]', 'ben');
  await page.getByRole('button', { name: 'Show: ben' }).click();
  await page.getByText('No pushes').waitFor();
});

it('assigns roles: a viewer’s pages have no controls for changes', async () => {
  await visit(page, 'accounts');
  await page.getByRole('button', { name: 'New account' }).click();
  await page.locator('dialog [name=name]').fill('vera');
  await choose(page, 'role', 'viewer');
  await page.getByRole('button', { name: 'Add account' }).click();
  const link = (await page.getByTestId('shown-once').textContent()) ?? '';
  expect(link).toMatch(/\/setup#[\w-]{43}$/);
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await page.getByRole('cell', { name: 'no password yet' }).waitFor();

  const viewer = await stand.enter('vera', 'viewer');
  const entries = await viewer.locator('nav a').allTextContents();
  expect(entries).toEqual([
    'Overview',
    'Users',
    'Departments',
    'Groups',
    'Discovery',
    'Clients',
    'Addresses',
    'Migration',
    'Own account',
    'About',
  ]);
  await visit(viewer, `users/${ids.ann}`);
  await viewer.getByRole('heading', { name: 'ann' }).waitFor();
  expect(await viewer.locator('main button').allTextContents()).toEqual([]);
  await visit(viewer, 'accounts');
  await viewer.getByText('Your role does not allow this').waitFor();
  await viewer.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
