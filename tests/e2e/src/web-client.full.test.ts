import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Message, uploadImage } from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { imageText, imageUrlsIn } from '@teamtalk/protocol';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from './chromium.js';

const pageFile = new URL('../../../docs/examples/web-client/index.html', import.meta.url);

/** A PNG of 3 by 2 pixels. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQI12M4Y2wMQQxwFgBLYgctOrxZ4QAAAABJRU5ErkJggg==',
  'base64',
);

/** The part of the DOM that is used here; its type library is not loaded. */
interface Picture {
  complete: boolean;
  naturalWidth: number;
  naturalHeight: number;
}

describe('the example web page in Chromium', () => {
  let cluster: TestCluster;
  let pages: Server;
  let browser: BrowserContext;
  let pageUrl: string;
  let ids: Record<'ann' | 'ben', number>;

  beforeAll(async () => {
    cluster = await TestCluster.start({ msg_server: 2, msfs: 2 });
    ids = await cluster.addUsers(['ann', 'ben']);
    const html = await readFile(pageFile);
    pages = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    pageUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/`;
    browser = await openChromium();
  });

  afterAll(async () => {
    await browser?.close();
    pages?.closeAllConnections();
    pages?.close();
    await cluster?.stop();
  });

  /** A page that has asked to log in as `name` on the first msg_server. */
  async function open(name: string, password: string = testPassword): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(pageUrl);
    await page.fill('#server', `ws://127.0.0.1:${cluster.port('msg_server', 0, 'ws')}/`);
    await page.fill('#msfs', `${cluster.url('msfs')}/`);
    await page.fill('#name', name);
    await page.fill('#password', password);
    await page.click('#login-form button');
    return page;
  }

  async function send(page: Page, peer: number, text: string): Promise<void> {
    await page.fill('#peer', String(peer));
    await page.fill('#text', text);
    await page.click('#send-form button');
  }

  const status = (page: Page, text: string) => page.locator('#status', { hasText: text }).waitFor();

  it('logs in by WebSocket and chats both ways with a TCP client on another msg_server', async () => {
    const ben = await cluster.connect('ben', { server: 1 });
    const incoming = ben.messages();
    const page = await open('ann');
    await status(page, `Logged in as user ${ids.ann}.`);

    await send(page, ids.ben, 'Grüße from the web, 你好');
    expect((await incoming.next()).value).toMatchObject({
      msgId: 1,
      fromUserId: ids.ann,
      text: 'Grüße from the web, 你好',
    });
    await page.locator('#messages li.own:not(.pending)[data-msg-id="1"]').waitFor();

    expect(
      (await ben.send({ user: ids.ann }, 'and back: 再见, with more than one block of text')).msgId,
    ).toBe(2);
    await page
      .locator('#messages li', { hasText: `${ids.ben}: and back: 再见, with more than one block of text` })
      .waitFor();
    expect(await page.locator('#messages li').count()).toBe(2);
    await page.close();
  });

  it('sends an image and shows it, and shows one that comes from the SDK', async () => {
    const ben = await cluster.connect('ben', { server: 1 });
    const incoming = ben.messages();
    const page = await open('ann');
    await status(page, 'Logged in');
    await page.fill('#peer', String(ids.ben));
    await page.setInputFiles('#image', { name: 'photo.png', mimeType: 'image/png', buffer: png });
    const { text = '' } = (await incoming.next()).value as Message;
    const [url = ''] = imageUrlsIn(text);
    expect(text).toBe(imageText(url));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/g0\/\d{3}\/\d{3}\/\d+_\d+_3x2\.png$/);
    const downloaded = await fetch(url);
    expect(Buffer.from(await downloaded.arrayBuffer()).equals(png)).toBe(true);
    await shown(page, 'li.own img', url);

    // Served by the other replica, and referenced inside a text.
    const uploaded = await uploadImage(cluster.url('msfs', 1), png, { name: 'b_3x2.png' });
    await ben.send({ user: ids.ann }, `look: ${uploaded.text}!`);
    await shown(page, 'li:not(.own) img', uploaded.url);
    expect(await page.locator('#messages li', { hasText: 'look: ' }).textContent()).toBe(
      `${ids.ben}: look: !`,
    );

    // A file that is no image, and an image text with a javascript: URL.
    const html = await uploadImage(cluster.url('msfs'), Buffer.from('<script>alert(1)</script>'), {
      name: 'c.jpg',
    });
    await ben.send({ user: ids.ann }, html.text + imageText('javascript:alert(1)'));
    const broken = page.locator('#messages li', { hasText: 'javascript:alert(1)' }).locator('img');
    await broken.waitFor({ state: 'attached' });
    expect(await broken.count()).toBe(1);
    expect(await broken.evaluate((image) => (image as unknown as Picture).naturalWidth)).toBe(0);
    await page.close();
  });

  /** Waits until the page has an image of that URL, loaded and of the right size. */
  async function shown(page: Page, selector: string, url: string): Promise<void> {
    const image = page.locator(`#messages ${selector}[src="${url}"]`);
    await image.waitFor();
    await waitUntil(
      () =>
        image.evaluate((element) => {
          const { complete, naturalWidth, naturalHeight } = element as unknown as Picture;
          return complete && naturalWidth === 3 && naturalHeight === 2;
        }),
      { what: 'the image being loaded' },
    );
  }

  it('shows that a password is wrong', async () => {
    const page = await open('ann', 'wrong');
    await status(page, 'Login failed: 用户名/密码错误');
    await page.close();
  });

  it('shows that the user has logged in somewhere else', async () => {
    const page = await open('ann');
    await status(page, 'Logged in');
    await cluster.connect('ann', { server: 1 });
    await status(page, 'Logged in somewhere else.');
    await page.close();
  });
});
