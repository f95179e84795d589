import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TestCluster } from '@teamtalk/cluster';
import { addWebhook, openDataSource } from '@teamtalk/db_proxy_server';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Events per receiver: far more than are posted at a time, and than the slow ones can take during the test. */
const events = 100;
/** What http_msg_server posts to one webhook at a time. */
const share = 16;

class Receiver {
  readonly server: Server;
  posts = 0;
  open = 0;
  mostOpen = 0;
  /** posts that were given up */
  cutOff = 0;

  static async start(serve: RequestListener): Promise<Receiver> {
    const receiver = new Receiver(serve);
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  private constructor(serve: RequestListener) {
    this.server = createServer((request, response) => {
      this.posts++;
      this.open++;
      this.mostOpen = Math.max(this.mostOpen, this.open);
      response.once('close', () => {
        this.open--;
        if (!response.writableFinished) this.cutOff++;
      });
      request.resume();
      serve(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Collects the garbage of this process, with what only weak references hold. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
}

let cluster: TestCluster;
let dataSource: Awaited<ReturnType<typeof openDataSource>>;
const receivers: Record<'hangs' | 'drips' | 'fast', Receiver> = {} as never;

beforeAll(async () => {
  receivers.hangs = await Receiver.start(() => {});
  receivers.drips = await Receiver.start((_request, response) => {
    const dripping = setInterval(
      () => response.socket?.write('HTTP/1.1 200 OK'[response.socket.bytesWritten] ?? 'X'),
      300,
    );
    response.once('close', () => clearInterval(dripping));
  });
  receivers.fast = await Receiver.start((_request, response) => response.end());
  // Runs in this process.
  cluster = await TestCluster.start({ http_msg_server: 1 });
  dataSource = await openDataSource(cluster.database.url);
  for (const [name, { url }] of Object.entries(receivers)) {
    await addWebhook(dataSource, { name, url, events: ['file'] });
  }
}, 180_000);
afterAll(async () => {
  await dataSource?.destroy();
  await cluster?.stop();
  for (const receiver of Object.values(receivers)) receiver.stop();
});

it('a receiver that hangs and one that drips hold their own share of the posts, and are given up in time', async () => {
  const { hangs, drips, fast } = receivers;
  // The events of the slow ones are due before those of the fast one.
  await cluster.sql(
    `INSERT INTO webhook_event (webhook_id, key, event, data, next_at)
     SELECT w.id, format('test %s', i), 'file', '{}', now() - CASE name WHEN 'fast' THEN interval '1 s' ELSE interval '1 h' END
     FROM webhook w, generate_series(1, $1::int4) i`,
    [events],
  );
  await waitUntil(() => hangs.open === share && drips.open === share, {
    timeoutMs: 100_000,
    what: 'the share of each slow receiver',
  });
  // The deadlines of posts are not among it.
  await collectGarbage();
  await waitUntil(() => fast.posts >= events, {
    timeoutMs: 100_000,
    what: 'every event of the fast receiver',
  });
  await waitUntil(() => hangs.cutOff >= share && drips.cutOff >= share, {
    timeoutMs: 100_000,
    what: 'the posts to the slow receivers given up',
  });
  // The posts have failed, the store has recorded it, and further posts have begun.
  await waitUntil(() => hangs.posts > share && drips.posts > share, {
    timeoutMs: 100_000,
    what: 'further posts to the slow receivers',
  });
  expect(hangs.mostOpen).toBe(share);
  expect(drips.mostOpen).toBe(share);
  const failed = await cluster.sql<{ name: string; errors: string[] }>(
    `SELECT w.name, array_agg(DISTINCT last_error) AS errors FROM webhook w JOIN webhook_event e ON e.webhook_id = w.id
     WHERE last_error IS NOT NULL GROUP BY w.name ORDER BY w.name`,
  );
  expect(failed).toEqual([
    { name: 'drips', errors: ['no answer within 5000 ms'] },
    { name: 'hangs', errors: ['no answer within 5000 ms'] },
  ]);
}, 600_000);

it('many receivers that hang together leave most of the posts to others', async () => {
  const many = 40;
  const { hangs } = receivers;
  await cluster.sql('DELETE FROM webhook');
  for (let i = 0; i < many; i++) {
    await addWebhook(dataSource, { name: `hangs-${i}`, url: hangs.url, events: ['file'] });
  }
  await waitUntil(() => hangs.open === 0, {
    timeoutMs: 100_000,
    what: 'the posts of the deleted webhooks given up',
  });
  await cluster.sql(
    `INSERT INTO webhook_event (webhook_id, key, event, data)
     SELECT w.id, format('many %s', i), 'file', '{}' FROM webhook w, generate_series(1, $1::int4) i`,
    [events],
  );
  // As the store has it: on a busy machine posts are given up before they reach the receiver.
  const inFlight = 'SELECT id FROM webhook_event WHERE attempts > 0 AND last_error IS NULL';
  await waitUntil(async () => (await cluster.sql(inFlight)).length > many, {
    timeoutMs: 100_000,
    everyMs: 100,
    what: 'several posts to each',
  });
  // Once the store knows of a failed post to each, every webhook's first posts are over.
  const failed = 'SELECT DISTINCT webhook_id FROM webhook_event WHERE last_error IS NOT NULL';
  await waitUntil(async () => (await cluster.sql(failed)).length === many, {
    timeoutMs: 100_000,
    everyMs: 200,
    what: 'failed posts to every webhook',
  });
  await waitUntil(() => hangs.open <= many, { timeoutMs: 100_000, what: 'one post to each' });
  hangs.mostOpen = 0;
  const counted = hangs.cutOff;
  await waitUntil(() => hangs.cutOff >= counted + many, {
    timeoutMs: 100_000,
    what: 'further posts given up',
  });
  expect(hangs.mostOpen).toBeLessThanOrEqual(many);
}, 600_000);

it('an endless response counts by its status, and its body is not read', async () => {
  let written = 0;
  const endless = await Receiver.start((_request, response) => {
    const chunk = Buffer.alloc(65_536);
    const write = () => {
      do written += chunk.length;
      while (!response.destroyed && response.write(chunk));
    };
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.on('drain', write);
    write();
  });
  try {
    await cluster.sql('DELETE FROM webhook');
    await addWebhook(dataSource, { name: 'endless', url: endless.url, events: ['file'] });
    await cluster.sql(
      `INSERT INTO webhook_event (webhook_id, key, event, data) SELECT id, 'endless', 'file', '{}' FROM webhook`,
    );
    const taken = 'SELECT id FROM webhook_event WHERE delivered_at IS NOT NULL';
    await waitUntil(async () => (await cluster.sql(taken)).length === 1, {
      timeoutMs: 100_000,
      what: 'the event to count as posted',
    });
    await waitUntil(() => endless.open === 0, { timeoutMs: 100_000, what: 'the answer to be given up' });
    // About what fits in the socket buffers.
    expect(written).toBeLessThan(64 * 1024 * 1024);
  } finally {
    endless.stop();
  }
}, 300_000);
