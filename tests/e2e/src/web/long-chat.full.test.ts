import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeChat } from './stored-chats.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** More than the page keeps in memory, so that the newest ones are given up on the way to the oldest. */
const messages = 1_300;

let web: WebInstallation;
let ann: WebClientPage;

beforeAll(async () => {
  web = await WebInstallation.start();
  const { cluster } = web;
  const ids = await cluster.addUsers(['ann', 'ben']);
  await storeChat(cluster, ids.ann!, ids.ben!, messages);
  ann = await WebClientPage.open(web.browsers[0], web.url);
  await ann.enter('ann');
  await ann.openContact('ben');
}, 120_000);
afterAll(() => web?.stop());

it('a long chat is read back to its beginning, screen by screen, without a jump', async () => {
  const shown = await ann.readAll();
  expect(shown.map(({ id }) => id)).toEqual(Array.from({ length: messages }, (_, i) => i + 1));
  expect(await ann.harm()).toEqual(noHarm);
}, 180_000);
