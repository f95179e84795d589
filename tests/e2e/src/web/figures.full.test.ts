import { setTimeout as pause } from 'node:timers/promises';
import { ClientType, type TeamTalkClient } from '@teamtalk/client';
import { testPassword } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PageMeter } from './page-meter.js';
import { sampleTexts, storeChat } from './stored-chats.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** Speeds depend on the machine: they are printed, but compared with limits only if WEB_FIGURES=1. */
const isMeasuring = process.env.WEB_FIGURES === '1';
const chats = 500;
const longChat = isMeasuring ? 50_000 : 3_000;
const soakMessages = isMeasuring ? 10_000 : 600;
/** The duration over which they arrive, seconds. */
const soakSeconds = Number(process.env.WEB_SOAK_SECONDS || (isMeasuring ? 600 : 0));
const senders = 20;
const mib = 1_048_576;

let web: WebInstallation;
let ids: Record<string, number>;
let page: WebClientPage;
let meter: PageMeter;
const names = Array.from({ length: chats }, (_, i) => `friend ${i + 1}`);
const rows = '.list-pane .row';
const loginForm = `document.querySelector('.login button[type=submit]')`;
const drawnMessages = '.message[data-id]';

beforeAll(async () => {
  // A single user reads as much here as hundreds would.
  web = await WebInstallation.start({ env: { REQUEST_RATE: '0', MESSAGE_RATE: '0' } });
  ids = await web.cluster.addUsers(['ann', ...names]);
  await storeChat(web.cluster, ids.ann!, ids[names[0]!]!, longChat);
  // Each has an unread message: of the others, the server lists only the newest hundred.
  for (const name of names.slice(1)) await storeChat(web.cluster, ids.ann!, ids[name]!, 60);
  await web.cluster.sql('ANALYZE');
  page = await WebClientPage.open(web.browsers[0], 'about:blank');
  meter = await PageMeter.open(page.page);
}, 240_000);
afterAll(() => web?.stop());

/** Prints a duration. @param limit enforced only while measuring */
function speed(what: string, milliseconds: number, limit: number): void {
  print(what, `${milliseconds.toFixed(0)} ms`, `${limit} ms`);
  if (isMeasuring) expect(milliseconds, what).toBeLessThanOrEqual(limit);
}

function print(what: string, value: string, limit: string): void {
  console.log(`${what}: ${value} (at most ${limit})`);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

it('the first load', async () => {
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const first = await WebClientPage.open(web.browsers[1], 'about:blank');
    const measured = await PageMeter.open(first.page, loginForm);
    await measured.slowDown(4);
    await first.page.goto(web.url);
    times.push(await measured.untilGoal());
    await first.page.waitForLoadState('networkidle');
    bytes = Math.max(bytes, measured.loadedBytes);
    await first.page.close();
  }
  print('first load', `${(bytes / 1000).toFixed(1)} KB`, '200 KB');
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(200_000);
  speed('interactive at a quarter of the CPU, median of 5', median(times), 1_500);
});

it('a list of 500 conversations', async () => {
  await page.page.goto(web.url);
  await page.page.fill('input[name=name]', 'ann');
  await page.page.fill('input[name=password]', testPassword);
  const listed = await meter.fromUntil(
    `${loginForm}.click()`,
    `document.querySelectorAll('${rows}').length >= ${chats} &&
      [...document.querySelectorAll('${rows} .row-name')].every((name) => name.textContent.startsWith('friend'))`,
  );
  speed(`from the login to ${chats} conversations with names`, listed, 1_000);
  expect(await page.page.locator(rows).count()).toBe(chats);
});

it('opening a conversation', async () => {
  const times: number[] = [];
  for (const name of names.slice(1, 22)) {
    const opened = await meter.fromUntil(
      `document.querySelector('.row[data-session="u${ids[name]}"]').click()`,
      `document.querySelector('.chat-title h1')?.textContent === '${name}' && document.querySelector('${drawnMessages}')`,
    );
    times.push(opened);
    expect(await page.page.locator(drawnMessages).count()).toBeLessThan(60);
  }
  print('opening a conversation', `${Math.max(...times).toFixed(0)} ms, the slowest of 21`, '-');
  speed('opening a conversation for the first time, median of 21', median(times), 100);
});

it(`scrolling through ${longChat} messages`, async () => {
  await page.page.locator(`.row[data-session="u${ids[names[0]!]}"]`).click();
  await page.title(names[0]!).waitFor();
  await page.page.locator(drawnMessages).first().waitFor();
  await page.page.locator('.timeline').hover();
  await meter.longTasks();
  const seen = { most: 0, first: longChat };
  const scroll = async (by: number) => {
    await page.page.mouse.wheel(0, by);
    const [count, first] = (await page.page.evaluate(`(() => {
        const drawn = document.querySelectorAll('${drawnMessages}');
        return [drawn.length, Number(drawn[0]?.dataset.id)];
      })()`)) as [number, number];
    seen.most = Math.max(seen.most, count);
    if (first > 0) seen.first = first;
  };
  while (seen.first > 1) await scroll(-1_500);
  await page.loaded();
  // Back down, past the messages that were still loaded.
  while (seen.first < 1_500) await scroll(1_500);
  const longTasks = await meter.longTasks();
  const { heapBytes, nodes } = await meter.memory();
  print('most messages in the document while scrolling', `${seen.most}`, '150');
  expect(seen.most).toBeLessThanOrEqual(150);
  print(
    `memory after scrolling through ${longChat}`,
    `${(heapBytes / mib).toFixed(1)} MiB, ${nodes} nodes`,
    '150 MiB',
  );
  expect(heapBytes).toBeLessThanOrEqual(150 * mib);
  print('tasks above 50 ms while scrolling', `${longTasks.length}`, '0');
  speed('longest task while scrolling', Math.max(0, ...longTasks), 50);
  await page.page.locator('.to-newest').click();
  await page.page.locator(`.message[data-id="${longChat}"]`).waitFor();
}, 600_000);

/** Sends ann messages from all senders at even intervals while she reads. */
async function soak(
  clients: readonly TeamTalkClient[],
  onPart: (done: number) => Promise<void>,
): Promise<void> {
  const begin = performance.now();
  for (let i = 0; i < soakMessages; i++) {
    const due = begin + (i * soakSeconds * 1_000) / soakMessages;
    if (due > performance.now()) await pause(due - performance.now());
    const text = `${i} ${sampleTexts[i % sampleTexts.length]}`;
    await clients[i % clients.length]!.send({ user: ids.ann! }, text);
    if (i % 50 === 49) await onPart(i + 1);
  }
}

it(
  `a day of ${soakMessages} messages`,
  async () => {
    const clients = await Promise.all(
      names
        .slice(0, senders)
        .map((name) => web.cluster.connect(name, { server: 1, clientType: ClientType.ANDROID })),
    );
    await meter.longTasks();
    const before = await meter.memory();
    const heaps: number[] = [];
    await soak(clients, async (done) => {
      // She opens the chat of the latest message and looks at older messages there.
      await page.openChat(names[(done / 50) % senders]!);
      await page.page.locator('.timeline').hover();
      for (let i = 0; i < 5; i++) await page.page.mouse.wheel(0, -2_000);
      if (done % 500 === 0) heaps.push((await meter.memory()).heapBytes / mib);
    });
    const last = clients[(soakMessages - 1) % clients.length]!;
    await last.send({ user: ids.ann! }, 'good night');
    await page.page.locator('.row-preview', { hasText: 'good night' }).waitFor({ timeout: 60_000 });
    const after = await meter.memory();
    const longTasks = await meter.longTasks();
    await Promise.all(clients.map((client) => client.close()));
    print(
      `memory after ${soakMessages} messages`,
      `${(after.heapBytes / mib).toFixed(1)} MiB, ${after.nodes} nodes; before ${(before.heapBytes / mib).toFixed(1)}, ${before.nodes}; ` +
        `on the way ${heaps.map((heap) => heap.toFixed(0)).join(' ')}`,
      '150 MiB',
    );
    expect(after.heapBytes).toBeLessThanOrEqual(150 * mib);
    print(
      'tasks above 50 ms meanwhile',
      `${longTasks.length}, the longest ${Math.max(0, ...longTasks).toFixed(0)} ms`,
      '-',
    );
    expect(await page.harm()).toEqual(noHarm);
  },
  300_000 + 2_000 * soakSeconds,
);
