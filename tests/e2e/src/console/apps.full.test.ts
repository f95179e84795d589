import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let annId: number;
/** every key that the console has shown */
const keys: string[] = [];

beforeAll(async () => {
  stand = await ConsoleStand.start({}, {}, { http_msg_server: 1 });
  annId = (await stand.cluster.addUsers(['ann'])).ann;
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

const row = (name: string) => page.locator('tbody tr', { hasText: name });

/** Clicks the button of an app's row. */
const act = (label: string, name: string) => page.getByRole('button', { name: `${label}: ${name}` }).click();

/** @returns the key that the console shows once */
async function shownKey(): Promise<string> {
  const key = await page.getByTestId('shown-once').textContent();
  expect(key).toMatch(/^[\w-]{43}$/);
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  keys.push(key ?? '');
  return key ?? '';
}

/** @returns a new key of the directory's */
async function renewed(): Promise<string> {
  await act('New key', 'directory');
  await page.locator('dialog[open] button.main', { hasText: 'New key' }).click();
  return shownKey();
}

/** The status of a call of /v1 with this key. */
async function statusOf(key: string, path = '/v1/users'): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${stand.cluster.url('http_msg_server')}${path}`, { headers })).status;
}

it('creates an app whose key works at /v1 and is shown once', async () => {
  await visit(page, 'apps');
  await page.getByText('No system can call the HTTP API yet').waitFor();
  await page.getByRole('button', { name: 'New app' }).click();
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=name]').fill('directory');
  for (const usual of ['p2p', 'broadcast', 'groups:admin'])
    await dialog.locator(`[value="${usual}"]`).uncheck();
  await dialog.getByRole('button', { name: 'Create app' }).click();
  await dialog.getByText('Choose at least one permission.').waitFor();
  await dialog.locator('[value="users:read"]').check();
  await dialog.locator('[name=addresses]').fill('127.0.0.1\nnowhere');
  await dialog.getByRole('button', { name: 'Create app' }).click();
  await dialog.getByText('Each line is an address, or a network such as 10.0.0.0/8.').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.locator('[name=addresses]').fill('127.0.0.0/8\n::ffff:127.0.0.1');
  await dialog.getByRole('button', { name: 'Create app' }).click();
  const key = await shownKey();
  expect(await statusOf(key)).toBe(200);
  expect(await statusOf(key, '/v1/discovery')).toBe(403);
  expect(await row('directory').textContent()).toContain('users:read');
  // Its calls are noted.
  await expect
    .poll(async () => {
      await page.reload();
      await row('directory').waitFor();
      return row('directory').textContent();
    }, patiently)
    .not.toContain('not known');
});

it('changes what it may do', async () => {
  await act('Edit', 'directory');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[value="discovery:read"]').check();
  await dialog.locator('[name=find-user]').fill('ann');
  await dialog.getByRole('button', { name: 'Choose: ann' }).click();
  await dialog.locator('[name=rate]').fill('50');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row('directory')
    .getByRole('link', { name: `User ${annId}` })
    .waitFor();
  await row('directory').getByText('50 calls per second').waitFor();
  await expect.poll(() => statusOf(keys[0] ?? '', '/v1/discovery'), patiently).toBe(200);
});

it('replaces, disables and revokes the key: each takes effect within seconds', async () => {
  const [first = ''] = keys;
  const second = await renewed();
  expect(second).not.toBe(first);
  expect(await statusOf(second)).toBe(200);
  await expect.poll(() => statusOf(first), patiently).toBe(401);

  await act('Disable', 'directory');
  expect(await confirm(page)).toContain('directory');
  await row('directory').getByText('disabled').waitFor();
  await expect.poll(() => statusOf(second), patiently).toBe(401);
  await act('Enable', 'directory');
  await confirm(page);
  await expect.poll(() => statusOf(second), patiently).toBe(200);

  const begin = performance.now();
  await act('Revoke', 'directory');
  await confirm(page);
  await expect.poll(() => statusOf(second), { ...patiently, interval: 100 }).toBe(401);
  console.info(`a revoked key stopped working after ${Math.round(performance.now() - begin)} ms`);
  await row('directory').getByText('revoked').waitFor();
});

it('gives a revoked app a new key, and deletes one that cannot call any more', async () => {
  const third = await renewed();
  expect(await statusOf(third)).toBe(200);
  expect(await page.getByRole('button', { name: 'Delete: directory' }).count()).toBe(0);
  await act('Disable', 'directory');
  await confirm(page);
  await act('Delete', 'directory');
  await confirm(page);
  await page.getByText('No system can call the HTTP API yet').waitFor();
  await expect.poll(() => statusOf(third), patiently).toBe(401);
});

it('a hostile name is shown as text, and a taken one is refused', async () => {
  const name = '<img src=x onerror="window.hit=1">';
  const create = async () => {
    await page.getByRole('button', { name: 'New app' }).click();
    await page.locator('dialog[open] [name=name]').fill(name);
    await page.getByRole('button', { name: 'Create app' }).click();
  };
  await create();
  await shownKey();
  await row(name).waitFor();
  await create();
  await page.locator('dialog[open]').getByText('This name is already taken.').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.evaluate('window.hit')).toBeUndefined();
});

it('no key is in the audit, and each change is one event', async () => {
  const events = await stand.cluster.sql<{ verb: string; text: string }>(
    `SELECT verb, e::text AS text FROM audit_event e WHERE verb LIKE 'app.%' ORDER BY id`,
  );
  expect(events.map(({ verb }) => verb)).toEqual(
    ['create', 'change', 'key', 'disable', 'enable', 'revoke', 'key', 'disable', 'delete', 'create'].map(
      (verb) => `app.${verb}`,
    ),
  );
  for (const { text } of events) for (const key of keys) expect(text).not.toContain(key);
});

// Must be last: it replaces the browser's cookie.
it('an auditor sees apps but cannot change them', async () => {
  const auditor = await stand.enter('olga', 'auditor');
  await visit(auditor, 'apps');
  await auditor.locator('tbody tr').first().waitFor();
  expect(await auditor.locator('main button:not(.saves *)').allTextContents()).toEqual([]);
  await auditor.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
