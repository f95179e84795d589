import { createKit, type Kit, type Lifecycle } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { teamtalk } from '../gen/db_proxy.js';
import type { SentEntry } from './batched-stream.js';
import { messages } from './definitions.js';
import {
  type AppendResult,
  conversationKey,
  type MessageAppender,
  messageAppender,
} from './message-store.js';
import { ReplicaPool } from './replica-pool.js';
import { RpcServer, type RpcStream } from './server.js';

type Entry = teamtalk.db.AppendEntry;
type Stream = RpcStream<teamtalk.db.AppendFrame, teamtalk.db.AppendResults.$Properties>;

/** A db_proxy_server controlled by the test. */
class FakeStore {
  readonly taken: Entry[] = [];
  /** the streams that take messages, and what was confirmed over them, by frame */
  readonly takers = new Set<Stream>();
  readonly confirmed: number[][] = [];
  /** with entries */
  frames = 0;
  answers = true;
  /** sent when a stream is opened; 0: none */
  horizon = 0;
  #msgId = 0;
  readonly #life: Lifecycle;
  readonly address: string;

  static async start(port = 0): Promise<FakeStore> {
    const kit = createKit('fake', { logLevel: 'silent', shutdownMs: 4000 });
    const server = new RpcServer(kit);
    let store: FakeStore | undefined;
    server.stream(messages.append, (stream) => store?.serve(stream));
    store = new FakeStore(kit.life, await server.listen({ host: '127.0.0.1', port }));
    return store;
  }

  constructor(life: Lifecycle, port: number) {
    this.#life = life;
    this.address = `127.0.0.1:${port}`;
  }

  serve(stream: Stream): void {
    if (this.horizon > 0) stream.write({ results: [], horizon: this.horizon });
    stream.onData((frame) => {
      if (frame.takesDeliveries) this.takers.add(stream);
      if (frame.confirmed.length > 0) this.confirmed.push(frame.confirmed);
      if (frame.entries.length === 0) return;
      this.frames++;
      this.taken.push(...(frame.entries as Entry[]));
      if (!this.answers) return;
      stream.write({
        results: frame.entries.map((entry) => ({ requestId: entry.requestId, msgId: ++this.#msgId })),
      });
    });
  }

  stop(): Promise<void> {
    return this.#life.stop();
  }
}

let kit: Kit;
let stores: FakeStore[];
let pool: ReplicaPool;
let appender: MessageAppender;
/** The store a key belongs to while both are up. */
const byKey = (key: number, replicas: readonly { instance: number }[]) =>
  replicas.find((replica) => replica.instance === key % 2) ?? replicas[0];

function newAppender(deadlineMs = 5000): MessageAppender {
  return messageAppender(pool, {
    instance: 7,
    choose: byKey as never,
    log: kit.log,
    deadlineMs,
    flushMs: 0,
    maxPending: 100,
  });
}

beforeEach(async () => {
  kit = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
  stores = [await FakeStore.start(), await FakeStore.start()];
  pool = new ReplicaPool();
  for (const [instance, { address }] of stores.entries()) pool.add({ instance, address });
  appender = newAppender();
});
afterEach(async () => {
  vi.restoreAllMocks();
  appender.stop();
  pool.close();
  for (const store of stores) await store.stop();
});

const store = (index: number) => stores[index] as FakeStore;
const send = (key: number, text: string) =>
  new Promise<AppendResult | undefined>((resolve) => {
    appender.send(
      { requestId: 0, fromUserId: 1, toSessionId: 2, msgType: 1, msgData: Buffer.from(text) },
      key,
      resolve,
    );
  });
const texts = (entries: Entry[]) => entries.map((entry) => Buffer.from(entry.msgData).toString());

test('entries of one event-loop turn are sent in one frame, in order', async () => {
  const results = await Promise.all(['a', 'b', 'c'].map((text) => send(0, text)));
  expect(results.map((result) => result?.msgId)).toEqual([1, 2, 3]);
  expect(store(0).frames).toBe(1);
  expect(texts(store(0).taken)).toEqual(['a', 'b', 'c']);
});

test('keys stay with their replica', async () => {
  await Promise.all([send(0, 'even'), send(1, 'odd')]);
  expect(texts(store(0).taken)).toEqual(['even']);
  expect(texts(store(1).taken)).toEqual(['odd']);
});

test('when a replica dies, its unanswered entries go to the other, in order, marked as a retry', async () => {
  store(0).answers = false;
  const sent = ['a', 'b', 'c'].map((text) => send(0, text));
  await expect.poll(() => store(0).taken.length).toBe(3);
  const requestIds = store(0).taken.map((entry) => entry.requestId);
  await store(0).stop();
  const later = send(0, 'd');
  expect((await Promise.all([...sent, later])).map((result) => result?.msgId)).toEqual([1, 2, 3, 4]);
  expect(texts(store(1).taken)).toEqual(['a', 'b', 'c', 'd']);
  expect(
    store(1)
      .taken.slice(0, 3)
      .map((entry) => entry.requestId),
  ).toEqual(requestIds);
  expect(store(1).taken.map((entry) => entry.retry)).toEqual([true, true, true, false]);
});

test('a replica removed from the pool is left at once', async () => {
  store(0).answers = false;
  const sent = send(0, 'a');
  await expect.poll(() => store(0).taken.length).toBe(1);
  pool.remove(0);
  expect((await sent)?.msgId).toBe(1);
  expect(store(1).taken[0]?.retry).toBe(true);
});

test('a key with entries in flight stays where they are, even when its own replica is back', async () => {
  pool.remove(0);
  store(1).answers = false;
  const first = send(0, 'first');
  await expect.poll(() => store(1).taken.length).toBe(1);
  pool.add({ instance: 0, address: store(0).address });
  store(1).answers = true;
  const second = send(0, 'second');
  expect((await second)?.msgId).toBe(1);
  expect(texts(store(1).taken)).toEqual(['first', 'second']);
  appender.stop();
  expect(await first).toBeUndefined();
});

test('an entry expires without a result in time and leaves nothing behind', async () => {
  appender.stop();
  appender = newAppender(300);
  stores.forEach((each) => {
    each.answers = false;
  });
  expect(await send(0, 'a')).toBeUndefined();
  expect(appender.pending).toBe(0);
  await appender.settle();
});

/** Sets the clock back by an hour. */
function setClockBack(): void {
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
}

test('expiry and reopening do not depend on the wall clock', async () => {
  appender.stop();
  appender = newAppender(1_500);
  pool.remove(1);
  store(0).answers = false;
  const port = Number(store(0).address.split(':')[1]);
  const sent = send(0, 'a');
  await store(0).stop();
  await expect.poll(() => appender.available).toBe(false);
  setClockBack();
  expect(await sent).toBeUndefined();
  stores[0] = await FakeStore.start(port);
  await expect.poll(() => appender.available, { timeout: 5_000 }).toBe(true);
});

test('a retry carries the horizon of its first attempt', async () => {
  appender.stop();
  for (const each of stores) each.horizon = 4_000_000_000;
  appender = newAppender(1_000);
  for (const key of [0, 1]) await expect.poll(() => send(key, 'first')).toBeDefined();
  store(0).answers = false;
  let sent: SentEntry | undefined;
  const result = new Promise((resolve) => {
    const entry = { requestId: 0, fromUserId: 1, toSessionId: 2, msgType: 1, msgData: Buffer.from('a') };
    sent = appender.send(entry, 0, resolve);
  });
  expect(await result).toBeUndefined();
  store(0).answers = true;
  await new Promise((resolve) => {
    const entry = { requestId: 0, fromUserId: 1, toSessionId: 2, msgType: 1, msgData: Buffer.from('a') };
    appender.send(entry, 0, resolve, sent);
  });
  const [first, again] = store(0).taken.slice(-2);
  expect(first).toMatchObject({ retry: false, horizon: 0 });
  expect(again).toMatchObject({ requestId: first?.requestId, retry: true, horizon: 4_000_000_000 });
});

test('without a replica entries wait for one', async () => {
  pool.remove(0);
  pool.remove(1);
  const sent = send(0, 'a');
  expect(appender.available).toBe(false);
  pool.add({ instance: 1, address: store(1).address });
  expect((await sent)?.msgId).toBe(1);
});

test('is full at the given number in flight', () => {
  stores.forEach((each) => {
    each.answers = false;
  });
  for (let i = 0; i < 100; i++) void send(0, 'x');
  expect(appender.full).toBe(true);
});

describe('messages to be delivered', () => {
  const delivered: number[] = [];
  let taker: MessageAppender;
  beforeEach(() => {
    delivered.splice(0);
    taker = messageAppender(pool, {
      instance: 8,
      choose: byKey as never,
      log: kit.log,
      deadlineMs: 5_000,
      flushMs: 0,
      maxPending: 100,
      deliver: ({ storeEpoch }) => {
        delivered.push(storeEpoch ?? 0);
        if (storeEpoch === 13) throw new Error('not understood');
        return storeEpoch !== 7;
      },
    });
  });
  afterEach(() => taker.stop());

  const opened = () => expect.poll(() => store(0).takers.size).toBe(1);
  const deliver = (...numbers: number[]) => {
    const deliveries = numbers.map((number) => ({ number, batch: { storeEpoch: number } }));
    for (const stream of store(0).takers) stream.write({ results: [], deliveries });
  };

  it('are taken over streams that say so, in order, and confirmed by number', async () => {
    await opened();
    deliver(1, 2);
    deliver(3);
    await expect.poll(() => store(0).confirmed.flat()).toEqual([1, 2, 3]);
    expect(delivered).toEqual([1, 2, 3]);
    expect(store(0).confirmed.length, 'together').toBeLessThan(3);
  });

  it('are not confirmed when they are not taken, and the others are', async () => {
    await opened();
    deliver(6, 7, 13, 14);
    await expect.poll(() => store(0).confirmed.flat()).toEqual([6, 14]);
    expect(delivered).toEqual([6, 7, 13, 14]);
  });

  it('are confirmed with the next entries', async () => {
    await opened();
    deliver(1);
    await expect.poll(() => delivered).toEqual([1]);
    const frames = store(0).frames;
    const entry = { requestId: 0, fromUserId: 1, toSessionId: 2, msgType: 1, msgData: Buffer.from('a') };
    await new Promise((resolve) => taker.send(entry, 0, resolve));
    expect(store(0).confirmed).toEqual([[1]]);
    expect(store(0).frames).toBe(frames + 1);
  });
});

test('a conversation has one key for both sides, and a group its own', () => {
  expect(conversationKey(false, 3, 9)).toBe(conversationKey(false, 9, 3));
  expect(conversationKey(false, 3, 9)).not.toBe(conversationKey(false, 3, 10));
  expect(conversationKey(true, 3, 9)).toBe(conversationKey(true, 4, 9));
});
