import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DurableOutbox, FileStorage, TeamTalkClient } from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomFrom } from '../random.js';

const messages = 1_000;
const restarts = 10;
const seed = 20;

let cluster: TestCluster;
let ids: Record<'ann' | 'ben', number>;
let folder: string;
beforeAll(async () => {
  cluster = await TestCluster.start({ msg_server: 2, env: { MESSAGE_RATE: '0' } });
  ids = await cluster.addUsers(['ann', 'ben']);
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-outbox-'));
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('loses and doubles none of 1,000 messages across broken connections and killed programs', async () => {
  const random = randomFrom(seed);
  const targets = [0, 1].map((k) => ({ host: '127.0.0.1', port: cluster.port('msg_server', k, 'client') }));
  const proxy = await FaultProxy.start(() => targets);
  let cuts = 0;
  // Cuts before the client receives the data, so that some acks are lost.
  proxy.cutBefore = () => {
    const isCut = random(20) === 0;
    if (isCut) cuts++;
    return isCut;
  };
  try {
    const ben = await cluster.connect('ben', { server: 1 });
    const received: string[] = [];
    ben.on('message', ({ text }) => received.push(text ?? ''));
    const texts = Array.from({ length: messages }, (_, i) => `message ${i}`);
    for (let k = 0; k < restarts; k++) {
      const share = texts.slice((k * messages) / restarts, ((k + 1) * messages) / restarts);
      const isLast = k === restarts - 1;
      await oneProcess(proxy.port, share, isLast ? share.length : random(share.length));
    }
    await waitUntil(() => received.length >= messages, { what: 'all messages delivered' });
    await cluster.settle();
    expect(received).toEqual(texts);
    const stored: string[] = [];
    for (let begin = messages; begin > 0; begin -= 100) {
      const page = await ben.history({ user: ids.ann }, { begin, count: 100 });
      stored.unshift(...page.reverse().map(({ text }) => text ?? ''));
    }
    expect(stored).toEqual(texts);
    expect(await ben.latestMessageId({ user: ids.ann })).toBe(messages);
    expect(cuts).toBeGreaterThan(20);
  } finally {
    await proxy.close();
  }
}, 120_000);

/** A program that sends and ends abruptly after a number of acks, leaving only the file. */
async function oneProcess(port: number, texts: string[], acks: number): Promise<void> {
  const client = new TeamTalkClient({ host: '127.0.0.1', port, reconnect: { firstMs: 5, maxMs: 50 } });
  const storage = new FileStorage(path.join(folder, 'outbox.jsonl'));
  const outbox = await DurableOutbox.open(client, storage);
  const before = outbox.size;
  let acked = 0;
  outbox.on('sent', () => acked++);
  await waitUntil(() => client.login({ name: 'ann', password: testPassword }), { what: 'a login' });
  for (const text of texts) await outbox.send({ user: ids.ben }, text);
  await waitUntil(() => acked >= before + acks, { what: `${acks} acknowledgements`, timeoutMs: 60_000 });
  outbox.stop();
  await client.close();
  await storage.close();
}
