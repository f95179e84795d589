import { Bus, HeartbeatPublisher } from '@teamtalk/bus';
import type { TeamTalkClient } from '@teamtalk/client';
import { tlsEnv } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu, MsgType } from '@teamtalk/protocol';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, patiently, visit } from './stand.js';

const hostileVersion = '<img src=x onerror="window.hit=1">';
const discovery = 'https://discovery.example.com/list';

let stand: ConsoleStand;
let page: Page;
let ann: TeamTalkClient;
let ids: Record<'ann' | 'ben' | 'cat' | 'dan', number>;

beforeAll(async () => {
  stand = await ConsoleStand.start(
    {},
    {},
    {
      login_server: 1,
      file_server: 1,
      http_msg_server: 1,
      envOf: { login_server: { DISCOVERY_URL: discovery }, file_server: tlsEnv },
    },
  );
  const { cluster } = stand;
  ids = await cluster.addUsers(['ann', 'ben', 'cat', 'dan']);
  ann = await cluster.connect('ann', { clientVersion: '3.1.0' });
  await cluster.connect('ben', { clientType: ClientType.ANDROID, clientVersion: '2.0.9' });
  await cluster.connect('cat', { clientVersion: hostileVersion });
  page = await stand.enter();
}, 120_000);
afterAll(async () => {
  await stand?.stop();
});

const figure = (name: string) => page.locator('.figure', { hasText: name }).locator('dd');
const row = (card: string, text: string) =>
  page
    .locator('section', { has: page.getByRole('heading', { name: card }) })
    .locator('tbody tr', { hasText: text });
const alert = (title: string) => page.locator('.notice[role=alert]', { hasText: title });

it('shows the rate and the delay of messages as they are sent', async () => {
  await visit(page, '');
  await figure('Messages a second').filter({ hasText: /^0/ }).waitFor();
  expect(await figure('Delivery time (p99)').textContent()).toBe('–');
  const sendAndRead = async () => {
    for (let k = 0; k < 20; k++) await ann.send({ user: ids.ben }, `message ${k}`);
    return Number.parseFloat((await figure('Messages a second').textContent()) ?? '');
  };
  await expect.poll(sendAndRead, patiently).toBeGreaterThan(0);
  await expect.poll(() => figure('Delivery time (p99)').textContent(), patiently).toMatch(/^[\d.]+ (ms|sec)/);
  await expect.poll(() => figure('Deliveries a second').textContent(), patiently).toMatch(/[1-9]/);
  await page.getByRole('img', { name: /^Messages a second since this page was opened/ }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
});

it('counts online users by class of client, and the days that certificates have left', async () => {
  await expect.poll(() => row('Online by class of client', 'PC').textContent(), patiently).toBe('PC22');
  expect(await row('Online by class of client', 'Phone').textContent()).toBe('Phone11');
  expect(await row('Certificates', 'file_server').locator('td').last().textContent()).toMatch(/^[\d,]+$/);
});

it('shows what waits in queues and for how long, and dead letters as an alert that says what to do', async () => {
  const { cluster } = stand;
  await cluster.sql(
    `WITH hook AS (
       INSERT INTO webhook (name, url, secret, events) VALUES ('crm', 'http://127.0.0.1:9/', 'whsec_eA==', '{group}')
       RETURNING id)
     INSERT INTO webhook_event (webhook_id, key, event, data, created_at, next_at, failed_at)
     SELECT id, 'waits', 'group', '{}'::jsonb, now() - interval '3 hours', now() + interval '1 hour', NULL FROM hook
     UNION ALL SELECT id, 'dead', 'group', '{}', now() - interval '3 hours', now(), now() FROM hook`,
  );
  await expect
    .poll(() => row('Queues', 'Events for webhooks').textContent(), patiently)
    .toMatch(/webhooks13 hr/);
  await alert('Events for a webhook were given up').waitFor();
  await page.getByRole('link', { name: 'What to do: TeamTalkWebhookDeadLetters' }).click();
  await page.getByText('npx teamtalk webhook dead NAME').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await cluster.sql('DELETE FROM webhook_event');
  await visit(page, '');
  await page.getByText('Nothing needs attention.').waitFor();
});

it('raises an alert when a service is gone, and ends it when it is back', async () => {
  const { cluster } = stand;
  await cluster.stopNode('login_server');
  await alert('No instance of a service is running').waitFor();
  expect(await alert('No instance of a service is running').textContent()).toContain('login_server');
  await cluster.restart('login_server', 0, { DISCOVERY_URL: discovery });
  await page.getByText('Nothing needs attention.').waitFor();
});

it('tells when versions differ, and the upgrade check names the instance', async () => {
  const { nats } = stand.cluster;
  const log = createLogger({ service: 'test', instance: 0, level: 'silent' });
  const bus = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
  await visit(page, 'about');
  await condition('Every instance runs the same version').getByText('passed').waitFor();
  await condition('The database has exactly the migrations of this version').getByText('passed').waitFor();
  await condition('Every db_proxy_server at the database knows the same schema')
    .getByText('passed')
    .waitFor();
  await page.getByText('Ready to be upgraded.').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const old = new HeartbeatPublisher(bus, {
    instance: 7,
    service: 'msfs',
    hostname: 'old',
    version: '0.0.9',
  });
  try {
    await visit(page, '');
    await page.getByText('Services run different versions.').waitFor();
    await row('Running services', '0.0.9').waitFor();
    await visit(page, 'about');
    await condition('Every instance runs the same version').getByText('failed').waitFor();
    await page.getByText('msfs 0.0.9 × 1').waitFor();
    await page.getByText('Not ready to be upgraded').waitFor();
  } finally {
    await old.stop();
    await bus.drain();
  }
  await stand.cluster.sql(
    `INSERT INTO schema_migration (timestamp, name) VALUES (1999000000000, 'Later1999000000000')`,
  );
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('+ Later1999000000000').waitFor();
  await stand.cluster.sql(`DELETE FROM schema_migration WHERE timestamp = 1999000000000`);
});

it('lists the builds of clients with their protocol faults, filtered and exported', async () => {
  const raw = await stand.cluster.logInRaw('dan');
  const message = {
    fromUserId: ids.dan,
    toSessionId: ids.ann,
    msgId: 0,
    createTime: 0,
    msgData: Buffer.from('x'),
  };
  await raw.send(encodePdu(Commands.MsgData, { ...message, msgType: MsgType.PUSH_NOTICE }, 2));
  const broken = encodePdu(Commands.MsgData, { ...message, msgType: MsgType.SINGLE_TEXT }, 3);
  await raw.send(broken.fill(0xff, 16));
  await visit(page, 'clients');
  const build = (text: string) => page.locator('tbody tr', { hasText: text });
  await expect.poll(reloadedRows, patiently).toContainEqual(expect.stringContaining('malformed body: 1'));
  expect(await build('test/1.0').textContent()).toContain('refused message type: 1');
  expect(await build('3.1.0').textContent()).toContain('Windows');
  expect(await build('2.0.9').textContent()).toContain('Android');
  await build(hostileVersion).waitFor();
  expect(await page.evaluate('window.hit')).toBeUndefined();
  expect(await seriousFaults(page)).toEqual([]);

  await choose(page, 'show', 'faults');
  await expect.poll(() => page.locator('tbody tr').count(), patiently).toBe(1);
  await choose(page, 'show', 'all');
  await choose(page, 'class', 'mobile');
  await expect.poll(() => page.locator('tbody tr').allTextContents(), patiently).toHaveLength(1);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  expect((await download).suggestedFilename()).toBe('clients.csv');
});

it('shows the addresses that clients are told, and what sets them', async () => {
  await visit(page, 'settings');
  const setting = (text: string) => page.locator('tbody tr', { hasText: text });
  await setting(discovery).waitFor();
  expect(await setting(discovery).textContent()).toContain('DISCOVERY_URL');
  expect(await setting('MSFS_PRIOR_URL is not set').textContent()).toContain('http://127.0.0.1:8700/');
  expect(await setting('Port of messages').textContent()).toContain(
    String(stand.cluster.port('msg_server', 0, 'client')),
  );
  expect(await seriousFaults(page)).toEqual([]);
});

it('remembers clients when their msg_server has stopped', async () => {
  await stand.cluster.stopNode('msg_server');
  await visit(page, 'clients');
  // No users, no connections, one login.
  const gone = expect.stringMatching(/^Windows3\.1\.0001/);
  await expect.poll(reloadedRows, patiently).toContainEqual(gone);
  expect(await page.locator('tbody tr', { hasText: 'test/1.0' }).textContent()).toContain(
    'malformed body: 1',
  );
  await stand.cluster.restart('msg_server', 0);
});

it('is translated into Chinese', async () => {
  await choose(page, 'language', 'zh-CN');
  for (const [path, heading] of [
    ['', '概览'],
    ['clients', '客户端'],
    ['settings', '地址'],
    ['about', '关于'],
  ] as const) {
    await visit(page, path);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  }
  await choose(page, 'language', 'en');
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});

function condition(text: string) {
  return page.locator('.checks li', { hasText: text });
}

/** The rows of the page's table, loaded anew. */
async function reloadedRows(): Promise<string[]> {
  await page.reload();
  await page.locator('tbody tr').first().waitFor();
  return page.locator('tbody tr').allTextContents();
}
