import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestCluster } from '@teamtalk/cluster';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** `npm run test:full` sets it; by itself the test takes Debian's. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let cluster: TestCluster;
let profile: string;
let browser: BrowserContext;

beforeAll(async () => {
  if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}; set CHROMIUM`);
  cluster = await TestCluster.start({ http_msg_server: 1 });
  profile = await mkdtemp(path.join(tmpdir(), 'teamtalk-chromium-'));
  browser = await chromium.launchPersistentContext(profile, { executablePath, args: flags });
  browser.setDefaultTimeout(15_000);
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 3 });
});

it('the page of the HTTP API sends a message that a connected client receives, with no other host', async () => {
  const ids = await cluster.addUsers(['ann', 'ben']);
  const key = await cluster.addApp('page');
  const ben = await cluster.connect('ben');
  const base = cluster.url('http_msg_server');
  const page = await browser.newPage();
  const hosts = new Set<string>();
  const problems: string[] = [];
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) hosts.add(host);
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${base}/v1/docs/`);

  await page.locator('button.authorize').first().click();
  await page.locator('.modal-ux input').fill(key);
  await page.locator('.modal-ux button.authorize').click();
  await page.locator('.modal-ux button.btn-done').click();
  const send = page.locator('[id$="-sendMessage"]');
  await send.locator('.opblock-summary-control').click();
  const body = { from_user_id: ids.ann, to: { user_id: ids.ben }, msg: 'from the page' };
  await send.locator('textarea.body-param__text').fill(JSON.stringify(body));
  await send.locator('button.execute').click();
  expect(await ben.nextMessage(15_000)).toMatchObject({ fromUserId: ids.ann, text: 'from the page' });
  await expect
    .poll(() => send.locator('.live-responses-table').textContent(), { timeout: 15_000 })
    .toContain('201');
  expect([...hosts]).toEqual([new URL(base).host]);
  expect(problems).toEqual([]);
}, 60_000);
