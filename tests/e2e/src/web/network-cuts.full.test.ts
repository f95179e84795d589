import { ClientType, type TeamTalkClient } from '@teamtalk/client';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomFrom } from '../random.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** Use WEB_CUTS=1000 for measurements. */
const cuts = Number(process.env.WEB_CUTS || 12);
const seed = Number(process.env.WEB_CUTS_SEED || 1);
/** Notes what is wrong with the drawn messages, sent or not, after every change of the page. */
const watchScript = `
  window.__faults = [];
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll('.timeline .message')];
    const ids = rows.flatMap(({ dataset: { id } }) => id ?? []).map(Number);
    const texts = rows.map((row) => row.querySelector('.message-text').textContent);
    const isOrdered = ids.every((id, i) => i === 0 || id > ids[i - 1]);
    if (isOrdered && new Set(texts).size === texts.length) return;
    if (window.__faults.length < 10) window.__faults.push(ids + ': ' + texts);
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;
/** A cut comes within this many chunks: during a login, messages, or the catch-up after a reconnect. */
const chunksBetween = 60;

let web: WebInstallation;
let ids: Record<'ann' | 'ben', number>;
/** The network between the page and the msg_servers. */
let network: FaultProxy;
let ann: WebClientPage;
/** An old client on an unbroken network. */
let ben: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  const { cluster } = web;
  ids = await cluster.addUsers(['ann', 'ben']);
  network = await FaultProxy.start(() =>
    [0, 1].map((k) => ({ host: '127.0.0.1', port: cluster.port('msg_server', k, 'ws') })),
  );
  await cluster.add('web_server', {
    WEB_SOCKET_URLS: `ws://127.0.0.1:${network.port}/`,
    MSFS_URL: cluster.url('msfs'),
  });
  ben = await cluster.connect('ben', { server: 1, clientType: ClientType.ANDROID });
  await web.browsers[0].addInitScript(watchScript);
  ann = await WebClientPage.open(web.browsers[0], cluster.url('web_server', 1));
  await ann.enter('ann');
  await ann.openContact('ben');
  await ann.loaded();
}, 120_000);
afterAll(async () => {
  await network?.close();
  await web?.stop();
});

/** Cuts the network at random moments. @returns the number of cuts so far, and a function that stops */
function cutAtRandom(): { count: () => number; end: () => void } {
  const random = randomFrom(seed);
  const next = () => 1 + random(chunksBetween);
  let count = 0;
  let left = next();
  network.onBytes = () => {
    left--;
    if (left !== 0) return;
    left = next();
    count++;
    // Deferred until the chunk has been forwarded.
    setImmediate(() => network.reset());
  };
  return {
    count: () => count,
    end: () => {
      network.onBytes = undefined;
    },
  };
}

const texts = (who: string, count: number) => Array.from({ length: count }, (_, i) => `${who} ${i + 1}`);

it(
  `${cuts} cuts at random moments: nothing is lost, doubled or out of order, on the screen and at the other side`,
  async () => {
    const cutting = cutAtRandom();
    const received: string[] = [];
    let rounds = 0;
    while (cutting.count() < cuts) {
      rounds++;
      await ann.write(`ann ${rounds}`);
      await ben.send({ user: ids.ann }, `ben ${rounds}`);
      received.push((await ben.nextMessage(90_000)).text ?? '');
    }
    cutting.end();
    console.log(`${cutting.count()} cuts while ${2 * rounds} messages were sent`);
    await ben.send({ user: ids.ann }, 'the end');
    await ann.message('the end').waitFor({ timeout: 90_000 });
    await waitUntil(async () => (await ann.page.locator('.outgoing').count()) === 0, {
      what: 'nothing waits',
      timeoutMs: 90_000,
    });

    expect(received).toEqual(texts('ann', rounds));
    const shown = await ann.readAll();
    const shownOf = (who: string) => shown.flatMap(({ text }) => (text?.startsWith(who) ? [text] : []));
    expect(shownOf('ann')).toEqual(texts('ann', rounds));
    expect(shownOf('ben')).toEqual(texts('ben', rounds));
    expect(shown.map(({ id }) => id)).toEqual(Array.from({ length: 2 * rounds + 1 }, (_, i) => i + 1));
    expect(await ann.page.evaluate('__faults')).toEqual([]);
    expect(await ann.harm()).toEqual(noHarm);
  },
  60_000 + cuts * 10_000,
);
