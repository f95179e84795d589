import { setImmediate } from 'node:timers/promises';
import { waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { pushApi, pushes } from '@teamtalk/rpc';
import { createKit, readMetrics, sumOf } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Notification, Outcome, Provider } from './providers/provider.js';
import { PushSender } from './push-sender.js';
import { claimedPush as push } from './testing/claimed-push.js';

const { PUSH_ACCEPTED, PUSH_RETRY, PUSH_DROPPED, PUSH_DEVICE_GONE } = pushApi.push.PushOutcome;
const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** The store's queue; a claimed push is not given out again. */
let due: pushApi.push.Push.$Properties[];
let finished: pushApi.push.FinishedPush.$Properties[];
let limits: number[];
let sent: Notification[];
let answer: (notification: Notification) => Outcome | Promise<Outcome>;
let onPc: Set<number>;
let acknowledgedUpTo: number;
let storeUp: boolean;
/** is called when a claim is answered */
let claimed: () => void;
/** all due pushes are settled by the store, and there are always more */
let endless: boolean;
let sender: PushSender | undefined;
const kit = () => createKit('push_server', { logLevel: 'silent', shutdownMs: 1_000 });

beforeEach(() => {
  due = [];
  finished = [];
  limits = [];
  sent = [];
  answer = ({ id }) => ({ kind: 'accepted', id });
  onPc = new Set();
  acknowledgedUpTo = 0;
  storeUp = true;
  endless = false;
  claimed = () => {};
});
afterEach(async () => {
  await sender?.stop();
  sender = undefined;
  vi.restoreAllMocks();
});

const call = async (method: unknown, request: unknown) => {
  if (!storeUp) throw new Error('no store');
  if (method === pushes.finish) {
    finished.push(...((request as pushApi.push.FinishRequest.$Properties).pushes ?? []));
    return {};
  }
  const { limit } = request as pushApi.push.ClaimRequest;
  limits.push(limit);
  claimed();
  if (endless) return setImmediate({ pushes: [], more: true });
  return { pushes: due.splice(0, limit), more: due.length > 0 };
};

const apns: Provider = {
  name: 'apns',
  send: async (notification) => {
    sent.push(notification);
    return answer(notification);
  },
  stop: async () => {},
};

function start({
  providers = [apns],
  ...rest
}: {
  providers?: Provider[];
  maxInFlight?: number;
  rate?: number;
} = {}) {
  return startWith(new Map(providers.map((each) => [each.name, each])), rest);
}

function startWith(
  providers: ReadonlyMap<string, Provider>,
  { maxInFlight = 100, rate = 10_000 }: { maxInFlight?: number; rate?: number } = {},
) {
  const parts = kit();
  sender = new PushSender({
    kit: parts,
    pool: { call, callOnce: call, replicas: [1] } as never,
    providers,
    isOnPc: async (ids) => new Set(ids.filter((id) => onPc.has(id))),
    acknowledged: async (pushes) =>
      new Set(pushes.filter(({ msgId }) => msgId > 0 && msgId <= acknowledgedUpTo)),
    codec,
    config: {
      preview: 'full',
      holdMs: 2_000,
      timeZone: 'UTC',
      maxInFlight,
      rates: { every: 10_000, of: new Map([['apns', rate]]) },
      androidProvider: 'fcm',
    },
  });
  return parts;
}

const untilFinished = (count: number) =>
  waitUntil(() => finished.length >= count, { what: `${count} pushes are reported`, timeoutMs: 10_000 });

test('a due push is given to its provider and reported', async () => {
  const one = push();
  due.push(one);
  const { metrics } = start();
  await untilFinished(1);
  expect(sent).toMatchObject([
    {
      token: 'ab',
      collapseId: 's7',
      alert: { title: 'Ann', body: 'hello' },
      badge: 4,
      data: { msg_type: 1, from_id: 7 },
    },
  ]);
  expect(finished).toMatchObject([
    { jobId: one.jobId, outcome: PUSH_ACCEPTED, msgId: 9, reason: sent[0]?.id },
  ]);
  const figures = readMetrics(await metrics.registry.metrics());
  expect(sumOf(figures, 'teamtalk_push_server_pushes_total', { provider: 'apns', outcome: 'accepted' })).toBe(
    1,
  );
});

test('a second attempt has the same id, and a newer message another one', async () => {
  const one = push();
  due.push(one, { ...one, attempts: 2 }, { ...one, msgId: 10 });
  start();
  await untilFinished(3);
  expect(sent[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(sent[1]?.id).toBe(sent[0]?.id);
  expect(sent[2]?.id).not.toBe(sent[0]?.id);
});

test('who is on a PC gets the badge only', async () => {
  onPc.add(2);
  due.push(push(), push({ userId: 3 }));
  start();
  await untilFinished(2);
  expect(sent.map(({ alert, badge }) => [alert?.body, badge])).toEqual([
    [undefined, 4],
    ['hello', 4],
  ]);
});

test('a message that a phone has acknowledged is not pushed; a newer one is', async () => {
  acknowledgedUpTo = 9;
  due.push(push({ msgId: 9 }), push({ msgId: 10 }), push({ msgId: 9, provider: 'android' }));
  const { metrics } = start();
  await untilFinished(3);
  expect(sent).toHaveLength(1);
  expect(finished).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ outcome: PUSH_DROPPED, reason: 'acknowledged', msgId: 9 }),
      expect.objectContaining({ outcome: PUSH_ACCEPTED, msgId: 10 }),
    ]),
  );
  // No refusal by the provider, which an alert would report.
  const figures = readMetrics(await metrics.registry.metrics());
  const counted = (provider: string, outcome: string) =>
    sumOf(figures, 'teamtalk_push_server_pushes_total', { provider, outcome });
  expect([counted('apns', 'acknowledged'), counted('fcm', 'acknowledged')]).toEqual([1, 1]);
  expect([counted('apns', 'refused'), counted('fcm', 'refused')]).toEqual([0, 0]);
});

test('the five message types open the right conversation in the historic iOS app', async () => {
  const group = { sessionType: 2, sessionId: 30, groupName: 'Team' };
  due.push(
    push({ msgType: MsgType.SINGLE_TEXT }),
    push({ msgType: MsgType.SINGLE_AUDIO }),
    push({ msgType: 3 }),
    push({ msgType: MsgType.GROUP_TEXT, ...group }),
    push({ msgType: MsgType.GROUP_AUDIO, ...group }),
  );
  start();
  await untilFinished(5);
  // As the app does: type 1 is a user's conversation, anything else that of group_id.
  const opened = sent.map(({ data }) =>
    data.msg_type === 1 ? `user ${data.from_id}` : `group ${data.group_id}`,
  );
  expect(opened).toEqual(['user 7', 'user 7', 'user 7', 'group 30', 'group 30']);
});

test('what has been read is withdrawn, even from who is on a PC', async () => {
  onPc.add(2);
  due.push(push({ msgId: 0, fromUserId: 0, unread: 0, msgData: Buffer.alloc(0) }));
  start();
  await untilFinished(1);
  expect(sent).toMatchObject([{ withdraws: true, collapseId: 's7', data: { msg_type: 1, from_id: 7 } }]);
  expect(sent[0]).not.toHaveProperty('alert');
  expect(finished).toMatchObject([{ outcome: PUSH_ACCEPTED, msgId: 0 }]);
});

test('outcomes are reported as what they are', async () => {
  const outcomes: Outcome[] = [
    { kind: 'retry', reason: 'busy', afterMs: 7_000 },
    { kind: 'gone', reason: 'Unregistered', since: 1_000 },
    { kind: 'refused', reason: 'BadPriority' },
    { kind: 'retry', reason: 'broke' },
  ];
  answer = () => outcomes.shift() as Outcome;
  due.push(push(), push(), push(), push({ attempts: 3 }), push({ provider: 'android' }));
  const { metrics } = start();
  await untilFinished(5);
  expect(finished).toMatchObject([
    { outcome: PUSH_DROPPED, reason: 'no-provider' },
    { outcome: PUSH_RETRY, reason: 'busy', retryMs: 7_000 },
    { outcome: PUSH_DEVICE_GONE, reason: 'Unregistered', goneAt: 1_000 },
    { outcome: PUSH_DROPPED, reason: 'BadPriority' },
    { outcome: PUSH_RETRY, reason: 'broke' },
  ]);
  expect(finished[4]?.retryMs).toBeGreaterThanOrEqual(3_000);
  expect(finished[4]?.retryMs).toBeLessThanOrEqual(5_000);
  // An alert fires for refusals of a provider, but not for phones without a configured provider.
  const samples = readMetrics(await metrics.registry.metrics());
  const counted = (outcome: string) => sumOf(samples, 'teamtalk_push_server_pushes_total', { outcome });
  expect([counted('refused'), counted('no-provider'), counted('retry')]).toEqual([1, 1, 2]);
});

test('after an outage of any length, everything is retried within a minute', async () => {
  answer = () => ({ kind: 'retry', reason: 'down' });
  for (let i = 0; i < 50; i++) due.push(push({ attempts: 3_600 }));
  start();
  await untilFinished(50);
  const pauses = finished.map(({ retryMs }) => retryMs ?? 0);
  expect(Math.max(...pauses)).toBeLessThan(60_000);
  expect(Math.min(...pauses)).toBeGreaterThan(20_000);
  expect(new Set(pauses).size).toBeGreaterThan(40);
});

test('a provider that refuses everything is left alone for a while; its pushes go back', async () => {
  answer = () => ({ kind: 'blocked', reason: 'InvalidProviderToken', afterMs: 60_000 });
  due.push(push());
  const { metrics } = start();
  await untilFinished(1);
  due.push(push(), push());
  await untilFinished(3);
  expect(sent).toHaveLength(1);
  expect(finished.map(({ outcome }) => outcome)).toEqual([PUSH_RETRY, PUSH_RETRY, PUSH_RETRY]);
  expect(finished[2]?.retryMs).toBeGreaterThan(50_000);
  // `push why` shows the provider's own words.
  expect(finished.map(({ reason }) => reason)).toEqual(Array(3).fill('InvalidProviderToken'));
  const figures = readMetrics(await metrics.registry.metrics());
  expect(sumOf(figures, 'teamtalk_push_server_providers_blocked', { provider: 'apns' })).toBe(1);
  const counted = (outcome: string) => sumOf(figures, 'teamtalk_push_server_pushes_total', { outcome });
  expect([counted('blocked'), counted('returned'), counted('retry')]).toEqual([1, 2, 0]);
});

test('never are more pushes in flight than configured', async () => {
  let inFlight = 0;
  let most = 0;
  answer = async ({ id }) => {
    most = Math.max(most, ++inFlight);
    await setImmediate();
    inFlight--;
    return { kind: 'accepted', id };
  };
  for (let i = 0; i < 40; i++) due.push(push());
  start({ maxInFlight: 7 });
  await untilFinished(40);
  expect(most).toBeLessThanOrEqual(7);
  expect(Math.max(...limits)).toBe(7);
});

test('a provider that hangs leaves places to others, and one with a limit of its own gets no more', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hanging = (name: string, concurrency?: number): Provider => ({
    ...apns,
    name,
    ...(concurrency !== undefined && { concurrency }),
    send: async (notification) => {
      sent.push(notification);
      await held;
      return { kind: 'accepted', id: name };
    },
  });
  for (let i = 0; i < 20; i++) due.push(push({ provider: 'hangs' }), push({ provider: 'oppo' }));
  for (let i = 0; i < 20; i++) due.push(push());
  start({ providers: [hanging('hangs'), hanging('oppo', 2), apns], maxInFlight: 10 });
  // 15 of one and 18 of the other go back, and all of the third are accepted, while 5 and 2 are in flight.
  await waitUntil(() => finished.filter(({ outcome }) => outcome === PUSH_ACCEPTED).length === 20, {
    what: 'what does not hang is accepted',
    timeoutMs: 10_000,
  });
  expect(sent).toHaveLength(20 + 5 + 2);
  const returned = finished.filter(({ outcome }) => outcome === PUSH_RETRY);
  expect(returned).toHaveLength(15 + 18);
  for (const { reason, retryMs } of returned) {
    expect(reason).toBe('busy');
    expect(retryMs).toBeGreaterThanOrEqual(250);
  }
  release();
});

test('a push whose claim is too old to be reported in time goes back, without using up the rate', async () => {
  const now = performance.now.bind(performance);
  let late = 3_000;
  let aheadMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  claimed = () => {
    aheadMs += late;
    late = 0;
  };
  for (let i = 0; i < 30; i++) due.push(push());
  start({ rate: 10 });
  await untilFinished(30);
  expect(new Set(finished.map(({ outcome, reason }) => `${outcome} ${reason}`))).toEqual(
    new Set([`${PUSH_RETRY} late`]),
  );
  for (const { retryMs } of finished) expect(retryMs).toBeGreaterThanOrEqual(500);
  expect(sent).toEqual([]);
  due.push(push());
  await untilFinished(31);
  expect(finished[30]).toMatchObject({ outcome: PUSH_ACCEPTED });
});

test('a provider gets no more than its rate; further pushes wait, or go back to the queue with a retry time', async () => {
  for (let i = 0; i < 40; i++) due.push(push());
  const begun = performance.now();
  const { metrics } = start({ rate: 10 });
  await untilFinished(40);
  const seconds = (performance.now() - begun) / 1_000;
  expect(seconds).toBeGreaterThan(0.5);
  // The rate times the time, plus the burst and the first push.
  expect(sent.length).toBeLessThanOrEqual(10 * seconds + 2);
  const returned = finished.filter(({ outcome }) => outcome === PUSH_RETRY);
  expect(returned).toHaveLength(40 - sent.length);
  for (const { reason, retryMs } of returned) {
    expect(reason).toBe('rate');
    expect(retryMs).toBeGreaterThan(500);
  }
  // They do not all return at once.
  expect(new Set(returned.map(({ retryMs }) => retryMs)).size).toBe(returned.length);
  const figures = readMetrics(await metrics.registry.metrics());
  const counted = (outcome: string) =>
    sumOf(figures, 'teamtalk_push_server_pushes_over_rate_total', { provider: 'apns', outcome });
  expect(counted('returned')).toBe(returned.length);
  expect(counted('waited')).toBeGreaterThan(0);
});

test('a provider with a new credential is not blocked: refused pushes are sent at once', async () => {
  const providers = new Map([['apns', apns]]);
  answer = () => ({ kind: 'blocked', reason: 'InvalidProviderToken', afterMs: 60_000 });
  due.push(push());
  startWith(providers);
  await untilFinished(1);
  answer = ({ id }) => ({ kind: 'accepted', id });
  providers.set('apns', { ...apns });
  due.push(push());
  await untilFinished(2);
  expect(finished[1]).toMatchObject({ outcome: PUSH_ACCEPTED });
});

test('a stop waits for what is in flight and reports it', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  answer = async ({ id }) => {
    await held;
    return { kind: 'accepted', id };
  };
  due.push(push());
  start();
  await waitUntil(() => sent.length === 1, { what: 'it is in flight' });
  const stopped = sender?.stop();
  release();
  await stopped;
  expect(finished).toMatchObject([{ outcome: PUSH_ACCEPTED }]);
});

test('a stop claims nothing more, however much is due', async () => {
  endless = true;
  start();
  await waitUntil(() => limits.length > 3, { what: 'it claims again and again' });
  await sender?.stop();
  const claims = limits.length;
  await setImmediate();
  expect(limits).toHaveLength(claims);
});

test('it goes on when the store was away', async () => {
  storeUp = false;
  due.push(push());
  start();
  storeUp = true;
  await untilFinished(1);
});

test('without a provider the store is never asked', async () => {
  due.push(push());
  start({ providers: [] });
  await sender?.stop();
  expect(limits).toEqual([]);
});
