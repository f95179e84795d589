import { readFile } from 'node:fs/promises';
import type { TeamTalkClient } from '@teamtalk/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, confirm, consolePassword, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let zoeId: number;

beforeAll(async () => {
  stand = await ConsoleStand.start();
});
afterAll(async () => {
  await stand?.stop();
});

const kickOf = (client: TeamTalkClient) =>
  new Promise<number>((resolve) => client.once('kicked', ({ reason }) => resolve(reason)));

it('is set up by a link that works once, and requires the password afterwards', async () => {
  const link = await stand.setupLink();
  page = await stand.open(link);
  await page.fill('[name=password]', consolePassword);
  await page.fill('[name=again]', 'something else');
  await page.click('button[type=submit]');
  await page.getByText('The passwords are not the same.').waitFor();
  await page.fill('[name=again]', consolePassword);
  await page.click('button[type=submit]');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(page.url()).toBe(`${stand.url}/#/`);

  const second = await stand.open(link);
  await second.fill('[name=password]', consolePassword);
  await second.fill('[name=again]', consolePassword);
  await second.click('button[type=submit]');
  await second.getByRole('alert').waitFor();
  await second.close();

  await page.getByRole('button', { name: 'Log out' }).click();
  await page.fill('[name=name]', 'admin');
  await page.fill('[name=password]', 'wrong password');
  await page.click('button[type=submit]');
  await page.getByText('Account or password is wrong').waitFor();
  await page.fill('[name=password]', consolePassword);
  await page.click('button[type=submit]');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

it('adds a user, who logs in with an old client and appears in the overview', async () => {
  await visit(page, 'users');
  await page.getByText('No users yet').waitFor();
  await page.getByRole('link', { name: 'New user' }).click();
  await page.fill('[name=name]', 'zoe');
  await page.fill('[name=nick_name]', 'Zoë');
  await page.fill('[name=tel]', '13800001111');
  await page.fill('[name=password]', 'opensesame');
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByRole('heading', { name: 'Zoë' }).waitFor();
  zoeId = Number(page.url().split('/').at(-1));

  const zoe = await stand.cluster.connect('zoe', { password: 'opensesame' });
  expect(zoe.userId).toBe(zoeId);
  await page.getByRole('rowheader', { name: /^Windows/ }).waitFor();
  await visit(page, '');
  await page.locator('.figure', { hasText: 'Online users' }).locator('dd', { hasText: /^1$/ }).waitFor();
  await zoe.close();
});

it('refuses a name that is taken, and keeps the input', async () => {
  await visit(page, 'users/new');
  await page.fill('[name=name]', 'zoe');
  await page.fill('[name=email]', 'other@example.com');
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByText('This name is already taken.').waitFor();
  expect(await page.inputValue('[name=email]')).toBe('other@example.com');
});

it('finds users while typing, by their names and telephone number', async () => {
  await stand.cluster.addUsers(['quinn', 'quincy', 'rita']);
  await visit(page, 'users');
  const rows = page.locator('tbody tr');
  await rows.nth(3).waitFor();
  await page.fill('[name=text]', 'quin');
  await expect.poll(() => rows.allTextContents(), patiently).toHaveLength(2);
  await page.fill('[name=text]', '00001111');
  await expect.poll(async () => (await rows.allTextContents()).join(), patiently).toContain('Zoë');
  await page.fill('[name=text]', 'nobody at all');
  await page.getByText('No matching users').waitFor();
  await page.fill('[name=text]', '');
  await rows.nth(3).waitFor();
});

it('exports the filtered list', async () => {
  await visit(page, 'users');
  await page.fill('[name=text]', 'quin');
  await expect.poll(() => page.locator('tbody tr').allTextContents(), patiently).toHaveLength(2);
  const saved = async (button: string) => {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button }).click(),
    ]);
    return readFile(await file.path());
  };
  const lines = (await saved('Export CSV')).toString().trim().split('\r\n');
  expect(lines.map((line) => line.split(',')[1])).toEqual(['Login name', 'quinn', 'quincy']);
  expect((await saved('Export Excel')).subarray(0, 2).toString(), 'a ZIP archive').toBe('PK');
});

it('disconnects one client: the old client sees the kick', async () => {
  const zoe = await stand.cluster.connect('zoe', { password: 'opensesame' });
  const kicked = kickOf(zoe);
  await visit(page, `users/${zoeId}`);
  await page.getByRole('button', { name: /^Disconnect: Windows/ }).click();
  expect(await confirm(page)).toContain('Zoë');
  await kicked;
  await page.getByText('Not logged in').waitFor();
});

it('resets a password: the new one is shown once, and the old one stops working', async () => {
  const zoe = await stand.cluster.connect('zoe', { password: 'opensesame' });
  const kicked = kickOf(zoe);
  await visit(page, `users/${zoeId}`);
  await page.getByRole('button', { name: 'Reset password' }).click();
  await page.locator('dialog[open] button.main').click();
  const password = (await page.getByTestId('shown-once').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await kicked;
  await expect(stand.cluster.connect('zoe', { password: 'opensesame' })).rejects.toThrow();
  const again = await stand.cluster.connect('zoe', { password });
  await again.close();
  expect(await page.content()).not.toContain(password);
});

it('shows what somebody else has changed meanwhile, keeps what was typed, and then saves both', async () => {
  await visit(page, `users/${zoeId}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await stand.cluster.sql('UPDATE im_user SET email = $2 WHERE id = $1', [zoeId, 'meanwhile@example.com']);
  await page.fill('[name=nick_name]', 'Zoe the second');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It was not saved').waitFor();
  expect(await page.locator('form .changes').textContent()).toBe('E-mail – → meanwhile@example.com');
  expect(await page.inputValue('[name=nick_name]')).toBe('Zoe the second');
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Zoe the second' }).waitFor();
  await page.getByText('meanwhile@example.com').waitFor();
});

it('marks a user as having left: they lose access at once, until restored', async () => {
  const rita = await stand.cluster.connect('rita');
  const kicked = kickOf(rita);
  await visit(page, `users/${rita.userId}`);
  await page.getByRole('button', { name: 'Has left' }).click();
  expect(await confirm(page)).toContain('rita');
  await kicked;
  await page.getByText('has left', { exact: true }).waitFor();
  await expect(stand.cluster.connect('rita')).rejects.toThrow();

  await visit(page, 'users');
  await choose(page, 'status', 'left');
  await expect.poll(() => page.locator('tbody tr').allTextContents(), patiently).toHaveLength(1);
  await page.getByRole('link', { name: /rita/ }).click();
  await page.getByRole('button', { name: 'Restore' }).click();
  await confirm(page);
  await page.getByRole('button', { name: 'Has left' }).waitFor();
  await (await stand.cluster.connect('rita')).close();
});

it('transfers a leaver’s groups to a chosen user, and an old client sees it', async () => {
  const ids = await stand.cluster.addUsers(['sam', 'tess', 'uma']);
  const [sam, tess] = [await stand.cluster.connect('sam'), await stand.cluster.connect('tess')];
  const groupId = await sam.groups.create('project', [ids.sam, ids.tess]);
  const changes: string[] = [];
  tess.on('group', ({ change, userIds }) => changes.push(`${change} ${userIds.join()}`));
  await visit(page, `users/${ids.sam}`);
  await page.getByRole('button', { name: 'Has left' }).click();
  const dialog = page.locator('dialog[open]');
  await choose(page, 'groups', 'chosen');
  await dialog.locator('button.main').click();
  await dialog.getByText('Choose who takes over.').waitFor();
  await dialog.locator('[name=find-user]').fill('uma');
  await dialog.getByRole('button', { name: 'Choose: uma' }).click();
  await dialog.getByText('uma takes over the groups they own.').waitFor();
  await confirm(page);
  await expect.poll(() => changes, patiently).toEqual([`added ${ids.uma}`, `removed ${ids.sam}`]);
  expect(await tess.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.uma }]);

  await page.getByRole('button', { name: 'Restore' }).click();
  await confirm(page);
  await page.getByText('Groups rejoined: 1.').waitFor();
  expect(await tess.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.sam }]);
});

it('checks each row of a file, imports the users, and undoes the import', async () => {
  await stand.cluster.addUsers(['xena']);
  await stand.cluster.sql(`INSERT INTO department (name) VALUES ('Sales')`);
  await visit(page, 'users/import');
  const chooseFile = (text: string) =>
    page.setInputFiles('[name=file]', {
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });
  await chooseFile('name,salary\nvic,1\n');
  await page.getByText('The column “salary” is unknown').waitFor();
  await chooseFile('登录名,姓名,部门\nvic,维克,Sales\nwes,韦斯,Nowhere\nxena,Xena X.,\n');
  await page.getByRole('heading', { name: 'people.csv' }).waitFor();
  await page.getByText('Department: there is no department “Nowhere”').waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  expect(await confirm(page)).toBe('Users to add: 1; to change: 1. Rows to skip: 1.');
  await page.getByText('done', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'First passwords' }).click();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Create and save' }).click(),
  ]);
  const [, password = ''] = /^vic,维克,(.*)$/m.exec(await readFile(await saved.path(), 'utf8')) ?? [];
  const vic = await stand.cluster.connect('vic', { password: password.trim() });
  const kicked = kickOf(vic);
  await visit(page, 'users');
  await page.fill('[name=text]', 'vic');
  await page.getByRole('link', { name: /维克/ }).waitFor();

  await visit(page, 'users/import');
  await page.getByRole('link', { name: 'people.csv' }).click();
  await stand.cluster.stopNode('route_server', 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('dialog[open] button.main').click();
  await page.locator('dialog[open]').getByRole('alert').waitFor();
  await stand.cluster.restart('route_server', 0);
  await stand.cluster.untilDiscovered();
  await confirm(page);
  await page.getByText('undone', { exact: true }).waitFor();
  await kicked;
  const rows = await stand.cluster.sql(
    `SELECT name, real_name, status FROM im_user WHERE name IN ('vic', 'xena') ORDER BY name`,
  );
  expect(rows).toEqual([
    { name: 'vic', real_name: '维克', status: 3 },
    { name: 'xena', real_name: 'xena', status: 0 },
  ]);
});

it('keeps the input when the session ends, and continues after a login', async () => {
  await visit(page, 'users/new');
  await page.fill('[name=name]', 'typed-before');
  await stand.browser.clearCookies();
  await page.getByRole('button', { name: 'Add user' }).click();
  const dialog = page.locator('dialog[open]');
  await dialog.getByText('Your session has ended').waitFor();
  await dialog.locator('[name=password]').fill(consolePassword);
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByRole('heading', { name: 'typed-before' }).waitFor();
});

it('records every change in the audit, whose chain verifies', async () => {
  await visit(page, 'audit');
  await choose(page, 'verb', 'user.');
  await page.fill('[name=resource]', `user ${zoeId}`);
  await expect.poll(() => page.locator('main').textContent(), patiently).toContain('Zoe the second');
  await page.getByRole('button', { name: 'Verify the audit' }).click();
  await page.locator('.notice.good').waitFor();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
