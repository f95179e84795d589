import { TestCluster } from '@teamtalk/cluster';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openChromium } from './chromium.js';

let cluster: TestCluster;
let browser: BrowserContext;

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1 });
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
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
