import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, confirm, patiently, visit } from './stand.js';

interface Post {
  headers: IncomingHttpHeaders;
  text: string;
  body: { id: string; event: string; data: Record<string, unknown> };
}

let stand: ConsoleStand;
let page: Page;
let receiver: Server;
let origin: string;
let secret: string;
/** What the receiver answers. */
let status = 200;
const posts: Post[] = [];
const hostile = '<img src=x onerror="window.hit=1">';

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      posts.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  stand = await ConsoleStand.start({}, {}, { http_msg_server: 1 });
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
  receiver?.close();
});

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const letters = () => page.locator('section[aria-label="Dead letters"] tbody tr');
const events = () => page.locator('section[aria-label="Newest events"] tbody tr');

/** @returns the secret that the console shows once */
async function shownSecret(): Promise<string> {
  const shown = (await page.getByTestId('shown-once').textContent()) ?? '';
  await press('I have saved it');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  return shown;
}

async function sendTest(): Promise<void> {
  await press('Send test event');
  await confirm(page);
}

/** Whether a post is signed with this secret, in the way of Standard Webhooks. */
function isSignedWith(by: string, { headers, text }: Post): boolean {
  const key = Buffer.from(by.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

it('adds a webhook, whose secret is shown once and whose path is not shown again', async () => {
  await visit(page, 'apps');
  await page.getByText('No system receives events yet').waitFor();
  await press('New webhook');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=name]').fill('ci');
  await dialog.locator('[name=url]').fill('ftp://127.0.0.1/');
  await dialog.locator('[value=message]').check();
  await press('Add webhook');
  await dialog.getByText('Choose one.').waitFor();
  await dialog.locator('[value=message]').uncheck();
  await dialog.locator('[value=group]').check();
  await press('Add webhook');
  await dialog.locator('[aria-invalid=true][name=url]').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.locator('[name=url]').fill(`${origin}/secret-path`);
  await press('Add webhook');
  secret = await shownSecret();
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole('heading', { name: 'ci' }).waitFor();
  await page.getByText('No events yet').waitFor();
  expect(await page.content()).not.toContain('secret-path');
});

it('a test event arrives, signed', async () => {
  await sendTest();
  await expect.poll(() => posts.length, patiently).toBe(1);
  const [post] = posts.splice(0) as [Post];
  expect(post.body).toMatchObject({ event: 'test', data: { webhook: 'ci' } });
  expect(isSignedWith(secret, post)).toBe(true);
  await events().first().getByText('delivered').waitFor();
  await press('New secret');
  await page.locator('dialog[open] button.main', { hasText: 'New secret' }).click();
  const renewed = await shownSecret();
  await sendTest();
  await expect.poll(() => posts.length, patiently).toBe(1);
  expect(isSignedWith(renewed, posts.splice(0)[0] as Post)).toBe(true);
  secret = renewed;
});

it('a dead letter shows why it failed, and arrives when it is retried', async () => {
  status = 500;
  await sendTest();
  await events().first().getByText('status 500').waitFor();
  // It has failed eleven times before.
  await stand.cluster.sql(
    `UPDATE webhook_event SET attempts = 11, next_at = now(), data = jsonb_build_object('note', $1::text)
     WHERE delivered_at IS NULL`,
    [hostile],
  );
  await letters().first().getByText('status 500').waitFor();
  await letters().first().getByText('Show').click();
  expect(await letters().first().locator('pre').textContent()).toContain('onerror');
  expect(await page.evaluate('window.hit')).toBeUndefined();
  expect(await seriousFaults(page)).toEqual([]);
  status = 200;
  posts.length = 0;
  await letters().first().getByRole('button', { name: 'Try again' }).click();
  await confirm(page);
  await expect.poll(() => posts.map(({ body }) => body.data.note), patiently).toEqual([hostile]);
  await page.getByText('No dead letters').waitFor();
});

it('all dead letters are retried or deleted at once', async () => {
  const addLetters = () =>
    stand.cluster.sql(
      `INSERT INTO webhook_event (webhook_id, key, event, data, attempts, last_error, failed_at)
       SELECT w.id, gen_random_uuid()::text, 'group', '{}', 12, 'status 503', now()
       FROM webhook w, generate_series(1, 30)`,
    );
  posts.length = 0;
  await addLetters();
  await expect.poll(() => letters().count(), patiently).toBe(20);
  await press('Show more');
  await expect.poll(() => letters().count(), patiently).toBe(30);
  await press('Try all again');
  await confirm(page);
  await page.getByText('Dead letters that are tried again: 30.').waitFor();
  await expect.poll(() => posts.length, patiently).toBe(30);
  await page.getByText('No dead letters').waitFor();
  await addLetters();
  await press('Delete all');
  await confirm(page);
  await page.getByText('Dead letters deleted: 30.').waitFor();
  await page.getByText('No dead letters').waitFor();
  expect(posts).toHaveLength(30);
});

it('is changed; while it is disabled, nothing is recorded for it', async () => {
  await press('Edit');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[value=file]').check();
  await press('Save');
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('group, file').waitFor();
  await press('Disable');
  expect(await confirm(page)).toContain('ci');
  await page.locator('.badge', { hasText: 'disabled' }).waitFor();
  expect(await page.getByRole('button', { name: 'Send test event' }).count()).toBe(0);
  const { ann, ben } = await stand.cluster.addUsers(['ann', 'ben']);
  const client = await stand.cluster.connect('ann');
  posts.length = 0;
  await client.groups.create('unnoticed', [ann, ben]);
  await press('Enable');
  await confirm(page);
  await page.locator('.badge', { hasText: 'active' }).waitFor();
  await client.groups.create('noticed', [ann, ben]);
  await expect.poll(() => posts.map(({ body }) => body.data.name), patiently).toEqual(['noticed']);
});

it('is removed; neither its secret nor its path is in the audit, and each change is one event', async () => {
  await press('Remove');
  await confirm(page);
  await page.getByText('No system receives events yet').waitFor();
  const audit = await stand.cluster.sql<{ verb: string; text: string }>(
    `SELECT verb, e::text AS text FROM audit_event e WHERE verb LIKE 'webhook.%' ORDER BY id`,
  );
  const verbs = ['create', 'test', 'secret', 'test', 'test', 'retry', 'retry', 'drop'];
  expect(audit.map(({ verb }) => verb)).toEqual(
    [...verbs, 'change', 'disable', 'enable', 'delete'].map((verb) => `webhook.${verb}`),
  );
  for (const { text } of audit) expect(text).not.toMatch(/whsec_|secret-path/);
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
