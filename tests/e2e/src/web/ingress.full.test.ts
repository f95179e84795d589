import { imageUrlsIn, type TeamTalkClient } from '@teamtalk/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ingress } from './ingress.js';
import { png } from './png.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

const trusting = { TRUSTED_PROXIES: '127.0.0.1' };

let web: WebInstallation;
let ingresses: Ingress[];
/** An old client, whose address differs from the page's. */
let cat: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start({
    envOf: { msg_server: trusting, msfs: trusting, file_server: trusting },
  });
  const { cluster } = web;
  await cluster.addUsers(['ann', 'cat']);
  const chat = await Ingress.start(cluster.port('msg_server', 0, 'ws'), '203.0.113.7');
  const images = await Ingress.start(cluster.port('msfs', 0, 'http'), '203.0.113.7');
  ingresses = [chat, images];
  await cluster.add('web_server', {
    WEB_SOCKET_URLS: `ws://127.0.0.1:${chat.port}/`,
    MSFS_URL: `http://127.0.0.1:${images.port}/`,
  });
  cat = await cluster.connect('cat', { server: 1 });
}, 120_000);
afterAll(async () => {
  for (const ingress of ingresses ?? []) ingress.close();
  await web?.stop();
});

it('a page uploads images through an Ingress that forwards the client’s address', async () => {
  const ann = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
  await ann.enter('ann');
  await ann.openContact('cat');
  const incoming = cat.nextMessage(30_000);
  await ann.page.setInputFiles('.composer input[type=file]', {
    name: 'photo.png',
    mimeType: 'image/png',
    buffer: png,
  });
  expect(imageUrlsIn((await incoming).text ?? '')).toHaveLength(1);
  expect(await ann.harm()).toEqual(noHarm);
});
