import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { OperationId } from '@teamtalk/admin_server';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleClient } from '../../console-api/console-client.js';
import { addressesOf, open } from '../pages.js';
import { ConsoleStand, consolePassword, logIn, patiently } from '../stand.js';
import type { OpenApi } from './fields.js';
import { type Stored, storeEverywhere } from './scenarios.js';
import { brokenText, hostileCount, hostileText } from './texts.js';
import { HostileWriter, isNotShown, notShown } from './writer.js';

let stand: ConsoleStand;
let page: Page;
let writer: HostileWriter;
let client: ConsoleClient;
const stored: Stored = { users: [], groups: [], imports: [] };
const problems: string[] = [];

beforeAll(async () => {
  stand = await ConsoleStand.start({}, { WRITES_PER_SECOND: '10000' });
  const { cluster } = stand;
  const ids = await cluster.addUsers(['notices']);
  await cluster.sql('INSERT INTO bot (user_id) VALUES ($1)', [ids.notices]);
  client = new ConsoleClient(stand.url);
  const token = (await stand.setupLink('writer')).split('#')[1] ?? '';
  await client.done('setUp', { body: { token, password: consolePassword } });
  const document = (await (await fetch(`${stand.url}/admin/v1/openapi.json`)).json()) as OpenApi;
  writer = new HostileWriter(client, document);
  for (let which = 0; which < hostileCount; which++) {
    writer.which = which;
    await storeEverywhere(writer, cluster, stored, ids.notices ?? 0);
  }
  await cluster.sql(
    `INSERT INTO import_progress (source, step, done, total) VALUES ('<img src=x onerror=hit=1>', '<script>hit=1</script>', 1, 2)`,
  );
  // Saved views are shown to their own account.
  page = await stand.open();
  await logIn(page, 'writer');
  await page.locator('nav').waitFor();
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}, 180_000);
afterAll(async () => {
  await stand?.stop();
});

const addresses = () => [
  ...addressesOf({
    userId: stored.users[0] ?? 0,
    groupId: stored.groups[0] ?? 0,
    importId: stored.imports[0] ?? 0,
  }),
  ...stored.users.slice(1).map((id) => `users/${id}`),
  ...stored.groups.slice(1).map((id) => `groups/${id}`),
  ...stored.imports.slice(1).map((id) => `users/import/${id}`),
];

/** Opens a page, with all rows of its list. */
async function openWhole(address: string): Promise<void> {
  await open(page, address);
  const more = page.locator('main .more button');
  while ((await more.count()) > 0) {
    const rows = await page.locator('tbody tr').count();
    await more.click();
    await expect.poll(() => page.locator('tbody tr').count(), patiently).toBeGreaterThan(rows);
  }
}

/** Everything a page shows: its text, and what is in its fields. */
async function shown(): Promise<string> {
  return (await page.evaluate(`[
    document.querySelector('main').textContent,
    ...[...document.querySelectorAll('main input, main textarea')].map(({ value }) => value),
    ...[...document.querySelectorAll('dialog')].map(({ textContent }) => textContent),
  ].join('\\n')`)) as string;
}

it('every text that the API takes is tried, or excepted with a reason', () => {
  expect(writer.fields.length).toBeGreaterThan(30);
  expect(writer.missing()).toEqual([]);
  const known = new Set(writer.fields.map(({ operation, path }) => `${operation} ${path}`));
  expect(Object.keys(notShown).filter((field) => !known.has(field))).toEqual([]);
});

it('half of a surrogate pair is refused in every text that is kept, and the refusal names the field', async () => {
  for (const { operation, path: where } of writer.fields) {
    if (isNotShown(`${operation} ${where}`)) continue;
    const field = where.split('/').at(-1) ?? '';
    const inner = { [field]: where.endsWith('/url') ? `https://${brokenText}/` : brokenText };
    const body = where.startsWith('/rows/') ? { rows: [{ row: 2, ...inner }] } : inner;
    const params = {
      ...{ user_id: 1, department_id: 1, group_id: 1, item_id: 1, import_id: 1, account_id: 1 },
      ...{ view_id: 1, app_id: 1, webhook_id: 1, hook_id: 1 },
    };
    const answer = await client.call(operation as OperationId, { params, body });
    expect([answer.status, answer.body.errors], `${operation} ${where}`).toEqual([
      400,
      expect.arrayContaining([expect.objectContaining({ at: where.replace('*', '0') })]),
    ]);
  }
});

it('every page of the menu is visited', () => {
  const menu = readFileSync(
    path.resolve(import.meta.dirname, '../../../../../services/admin_server/web/src/pages/index.tsx'),
    'utf8',
  );
  const paths = [...menu.matchAll(/^ {2}\{ path: '(\w*)'/gm)].map(([, name]) => name);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((name) => !addresses().includes(name ?? ''))).toEqual([]);
});

it('hostile texts are shown as they are, and none of them has an effect', async () => {
  const unseen = new Set(writer.texts);
  for (const address of addresses()) {
    await openWhole(address);
    const all = await shown();
    // The audit has every text, so it does not count.
    if (address !== 'audit') for (const text of unseen) if (all.includes(text)) unseen.delete(text);
    expect(await page.evaluate('window.hit'), address).toBeUndefined();
    expect(
      await page.evaluate(`[...document.querySelectorAll('main a')].map(({ href }) => href)
        .filter((href) => !href.startsWith(location.origin))`),
      address,
    ).toEqual([]);
  }
  expect([...unseen]).toEqual([]);
}, 300_000);

it('dialogs show names as they are', async () => {
  for (const [address, button] of [
    [`users/${stored.users[0]}`, 'Has left'],
    [`groups/${stored.groups[0]}`, 'Dissolve'],
    ['discovery', /^Delete/],
    ['lifecycle', /^Release/],
    // This one has no name in it.
    ['broadcasts', /^Cancel/],
  ] as const) {
    await openWhole(address);
    await page.getByRole('button', { name: button }).first().click();
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    const text = (await dialog.textContent()) ?? '';
    expect(
      [...writer.texts].some((each) => text.includes(each)),
      address,
    ).toBe(address !== 'broadcasts');
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(await page.evaluate('window.hit'), address).toBeUndefined();
  }
}, 60_000);

it('a file with hostile headings is refused with its headings as text', async () => {
  for (let which = 0; which < hostileCount; which++) {
    const heading = hostileText(which, 60);
    await openWhole('users/import');
    await page.setInputFiles('[name=file]', {
      name: '<img src=x onerror=hit=1>.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`name,"${heading.replaceAll('"', '""')}"\nann,x\n`),
    });
    await expect.poll(shown, patiently).toContain(heading);
    expect(await page.evaluate('window.hit'), heading).toBeUndefined();
  }
}, 120_000);

it('no page reported an error, a policy violation or a dialog', () => {
  expect([...problems, ...stand.problems]).toEqual([]);
});
