import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Examples, fillCompany } from './example-company.js';
import { addressesOf, open } from './pages.js';
import { ConsoleStand } from './stand.js';

let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  stand = await ConsoleStand.start({}, { WRITES_PER_SECOND: '1000' });
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

/** Clicks a button and reads the file that is saved. */
async function saved(button: Locator): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
}

/** Pages of one user and one group, who have nothing yet. */
async function withoutAnything(): Promise<Examples> {
  const { loner = 0 } = await stand.cluster.addUsers(['loner']);
  const [group] = await stand.cluster.sql<{ id: number }>(
    `INSERT INTO chat_group (name, type, creator_id) VALUES ('nobody', 1, $1) RETURNING id`,
    [loner],
  );
  const [made] = await stand.cluster.sql<{ id: number }>(
    `INSERT INTO user_import (file_name, created_by, rows, errors) VALUES ('none.csv', 'x', 0, 0) RETURNING id`,
  );
  return { userId: loner, groupId: group?.id ?? 0, importId: made?.id ?? 0 };
}

it('an empty list says what to do', async () => {
  const found: string[] = [];
  const none = new Set<string>();
  for (const when of ['nothing', 'a user without anything'] as const) {
    const examples = when === 'nothing' ? { userId: 1, groupId: 1, importId: 1 } : await withoutAnything();
    for (const address of addressesOf(examples)) {
      if (when === 'nothing' && /\/1$/.test(address)) continue;
      await open(page, address);
      for (const empty of await page.locator('main .empty').all()) {
        none.add(address);
        const says = await empty.locator('p, a, button').count();
        if (says === 0) found.push(`${address}: ${await empty.textContent()}`);
      }
      // A list that is neither shown nor said to be empty.
      for (const card of await page.locator('main section.card:not(:has(> .body))').all()) {
        const shows = await card.locator('table, .empty, .notice, .tree, form, progress').count();
        if (shows === 0) found.push(`${address}: ${await card.textContent()}`);
      }
    }
  }
  expect(found).toEqual([]);
  expect(none.size).toBeGreaterThan(10);
}, 120_000);

it('every table can be saved, as CSV and as an Excel file', async () => {
  const examples = await fillCompany(stand);
  const lacking: string[] = [];
  let tables = 0;
  for (const address of addressesOf(examples)) {
    await open(page, address);
    for (const table of await page
      .locator('main section.card:has(table), main section.card:has(.tree)')
      .all()) {
      const caption = (await table.locator('caption').allTextContents())[0] ?? 'tree';
      tables++;
      const own = table.getByRole('button', { name: /^Export (CSV|Excel)/ });
      const head = page.locator('main .page-head').getByRole('button', { name: /^Export (CSV|Excel)/ });
      if ((await own.count()) < 2 && (await head.count()) < 2) lacking.push(`${address}: ${caption}`);
    }
  }
  expect(lacking).toEqual([]);
  expect(tables).toBeGreaterThan(18);
}, 120_000);

it('a table is saved as it is shown, without its buttons', async () => {
  await open(page, 'discovery');
  const csv = await saved(page.getByRole('button', { name: 'Export CSV' }));
  expect(csv.name).toBe('discovery.csv');
  const [header, first, ...more] = csv.content.toString().replace('\uFEFF', '').trim().split('\r\n');
  expect(header).toBe('Name,Address,Order');
  expect(first).toBe('公司内网 Intranet,https://intranet.example.com/,0');
  expect(more).toHaveLength(2);
  const excel = await saved(page.getByRole('button', { name: 'Export Excel' }));
  expect(excel.name).toBe('discovery.xlsx');
  expect(excel.content.subarray(0, 2).toString()).toBe('PK');

  await open(page, 'departments');
  const tree = (await saved(page.getByRole('button', { name: 'Export CSV' }))).content.toString();
  expect(tree).toContain('6,运维组 Operations,星河科技 Galaxy Tech / 研发部 R&D / 运维组 Operations,2,1');
  expect(stand.problems).toEqual([]);
}, 60_000);

it('the buttons that save a table work with the keyboard alone', async () => {
  await open(page, 'apps');
  await page.getByRole('button', { name: 'Export CSV' }).first().focus();
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toBe('apps.csv');
});
