import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, visit } from './stand.js';

/** Names that have an effect if a page treats them as markup or code. */
const hostileNames = [
  '<img src=x onerror="window.hit=1">',
  '<script>window.hit=1</script>',
  '"><svg onload=window.hit=1>',
  "';window.hit=1;//",
  '{{constructor.constructor("window.hit=1")()}}',
  '<a href="javascript:window.hit=1">x</a>',
  '$' + '{window.hit=1}',
  '\u202Etxt.exe',
] as const;

let stand: ConsoleStand;
let page: Page;
let userId: number;
let groupId: number;
let importId: number;
let webhookId: number;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  const { cluster } = stand;
  const ids = await cluster.addUsers(hostileNames);
  userId = ids[hostileNames[0]] ?? 0;
  await cluster.sql(
    'UPDATE im_user SET nick_name = name, real_name = name, sign_info = name, tel = left(name, 32)',
  );
  const client = await cluster.connect(hostileNames[0]);
  groupId = await client.groups.create(hostileNames[0], Object.values(ids));
  await cluster.sql('UPDATE chat_group SET announcement = name, announced_at = now()');
  await cluster.sql(
    `WITH made AS (INSERT INTO chat_group (name, type, status) VALUES ($1, 2, 1) RETURNING id)
     INSERT INTO dissolved_group (group_id) SELECT id FROM made`,
    [hostileNames[0]],
  );
  const [row] = await cluster.sql<{ id: number }>(
    'INSERT INTO user_import (file_name, created_by, rows, errors) VALUES ($1, $1, 1, 1) RETURNING id',
    [hostileNames[0]],
  );
  importId = row?.id ?? 0;
  await cluster.sql(
    `INSERT INTO user_import_row (import_id, row_no, name, fields, outcome, faults) VALUES ($1, 2, $2, '{}', 'error', $3)`,
    [
      importId,
      hostileNames[0],
      JSON.stringify([{ column: 'department', fault: 'unknown-department', value: hostileNames[0] }]),
    ],
  );
  const botId = ids[hostileNames[1]];
  await cluster.sql('INSERT INTO bot (user_id) VALUES ($1)', [botId]);
  await cluster.sql(
    `INSERT INTO broadcast_order (key, from_id, message, audience, ids, send_at, created_by)
     VALUES ($1, $2, $1, 'groups', ARRAY[$3::int4], now() + interval '1 day', $1)`,
    [hostileNames[0], botId, groupId],
  );
  await cluster.addApp(hostileNames[0], {});
  const [webhook] = await cluster.sql<{ id: number }>(
    `INSERT INTO webhook (name, url, secret, events) VALUES ($1, 'http://receiver.test/', '', '{group}') RETURNING id`,
    [hostileNames[0]],
  );
  webhookId = webhook?.id ?? 0;
  await cluster.sql(
    `INSERT INTO webhook_event (webhook_id, key, event, data, last_error, failed_at)
     VALUES ($1, 'a', 'group', jsonb_build_object('name', $2::text), $2, now())`,
    [webhookId, hostileNames[0]],
  );
  page = await stand.enter();
  for (const name of hostileNames.slice(0, 3)) {
    await visit(page, 'departments');
    await page.getByRole('button', { name: 'New department' }).click();
    await page.locator('dialog [name=name]').fill(name);
    await page.getByRole('button', { name: 'Add department' }).click();
    await page.locator('.tree .name', { hasText: name }).waitFor();
  }
});
afterAll(async () => {
  await stand?.stop();
});

/** Each page, and a selector that matches once it has loaded. */
const pages = (): [path: string, loaded: string][] => [
  ['', '.figures dd'],
  ['users', 'tbody tr'],
  ['users/new', '[name=password]'],
  ['users/import', '[name=file]'],
  [`users/import/${importId}`, 'tbody tr'],
  [`users/${userId}`, '.facts'],
  ['departments', '.tree .node'],
  ['groups', 'tbody tr'],
  ['groups/new', '[name=type]'],
  [`groups/${groupId}`, 'tbody tr'],
  ['groups/dissolved', 'tbody tr'],
  ['discovery', '.empty'],
  ['broadcasts', 'tbody tr'],
  ['broadcasts/new', '[name=message]'],
  ['push', '[name=find-user]'],
  [`push/${userId}`, '.card .empty'],
  ['apps', 'tbody tr'],
  [`apps/webhooks/${webhookId}`, 'summary'],
  ['bots', 'tbody tr'],
  ['audit', 'tbody tr'],
  ['lifecycle', '.card .empty'],
  ['accounts', 'tbody tr'],
  ['clients', 'tbody tr'],
  ['alerts/TeamTalkOutboxStuck', '.card p'],
  ['settings', 'tbody tr'],
  ['migration', '.empty'],
  ['own', 'tbody tr'],
  ['about', '.checks li'],
  ['nowhere', '.empty'],
];

async function open([path, loaded]: [path: string, loaded: string]): Promise<void> {
  await visit(page, path);
  await page.locator(`main ${loaded}`).first().waitFor();
}

describe.each(['light', 'dark'])('in the %s theme', (theme) => {
  it('no page has a serious accessibility violation', async () => {
    await choose(page, 'theme', theme);
    const found: string[] = [];
    for (const each of pages()) {
      await open(each);
      for (const fault of await seriousFaults(page)) found.push(`${each[0]}: ${fault}`);
    }
    expect(found).toEqual([]);
    // On a busy machine, axe takes seconds per page.
  }, 180_000);
});

it('names are shown literally, and no script in them runs', async () => {
  await open(['users', 'tbody tr']);
  for (const name of hostileNames) {
    expect(await page.locator('tbody tr', { hasText: name }).count(), name).toBeGreaterThan(0);
  }
  for (const each of pages()) {
    await open(each);
    expect(await page.evaluate('window.hit'), each[0]).toBeUndefined();
  }
  // Dialogs show names, too.
  await open([`users/${userId}`, '.facts']);
  await page.getByRole('button', { name: 'Has left' }).click();
  expect(await page.locator('dialog[open] p').first().textContent()).toContain(hostileNames[0]);
  await page.keyboard.press('Escape');
  expect(await page.evaluate('window.hit')).toBeUndefined();
});

it('no page contacts another server until the user asks to see a picture', async () => {
  const elsewhere = `127.0.0.1:${stand.cluster.port('admin_server', 0, 'ops')}`;
  await stand.cluster.sql('UPDATE im_user SET avatar_url = $1', [`http://${elsewhere}/picture.png`]);
  await stand.cluster.sql('UPDATE chat_group SET avatar = $1', [`http://${elsewhere}/group.png`]);
  const hosts = new Set<string>();
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) hosts.add(host);
  });
  for (const each of pages()) await open(each);
  expect([...hosts]).toEqual([new URL(stand.url).host]);
  await open([`users/${userId}`, '.facts']);
  await page.getByRole('button', { name: 'Show picture' }).click();
  await expect.poll(() => hosts.has(elsewhere), { timeout: 15_000 }).toBe(true);
});

it('every page is translated into Chinese, and fits the width of a phone', async () => {
  await choose(page, 'language', 'zh-CN');
  expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
  await open(['users', 'tbody tr']);
  await page.getByRole('heading', { name: '用户' }).waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  const tooWide: string[] = [];
  for (const each of pages()) {
    await open(each);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    if (width !== 390) tooWide.push(`${each[0]}: ${width}`);
  }
  expect(tooWide).toEqual([]);
  await page.setViewportSize({ width: 1366, height: 768 });
  await choose(page, 'language', 'en');
});

it('works with the keyboard alone', async () => {
  await open(['users', 'tbody tr']);
  await page.reload();
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip the menu');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await open([`users/${userId}`, '.facts']);
  await page.getByRole('button', { name: 'Has left' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Has left');
});

it('the first load is small: at most 150 KB compressed', async () => {
  const sizes = (await page.evaluate(async () => {
    const texts: string[] = [];
    for (const { name } of performance.getEntriesByType('resource') as { name: string }[]) {
      if (/\.(js|css|svg)$/.test(name)) texts.push(await (await fetch(name)).text());
    }
    return texts;
  })) as string[];
  expect(sizes.length).toBeGreaterThanOrEqual(2);
  expect(sizes.reduce((sum, text) => sum + gzipSync(text).length, 0)).toBeLessThanOrEqual(150 * 1024);
});

it('a link from another site does not log the user out', async () => {
  const elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="${stand.url}/admin/v1/session">a link</a>`);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  try {
    const other = await stand.browser.newPage();
    // A different site, so the cookie is not sent.
    await other.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`);
    await other.getByRole('link').click();
    await other.waitForURL(`${stand.url}/admin/v1/session`);
    expect(await other.textContent('body')).toContain('not-logged-in');
    await other.close();
    await open(['users', 'tbody tr']);
    await page.reload();
    await page.locator('main tbody tr').first().waitFor();
  } finally {
    elsewhere.closeAllConnections();
    elsewhere.close();
  }
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
