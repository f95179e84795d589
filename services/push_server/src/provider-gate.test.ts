import { createECDH, randomBytes } from 'node:crypto';
import { createKit } from '@teamtalk/service-kit';
import { beforeEach, expect, test, vi } from 'vitest';
import { type Pass, ProviderGate } from './provider-gate.js';
import type { Outcome } from './providers/provider.js';

let now: number;
const { log } = createKit('push_server', { logLevel: 'silent', shutdownMs: 1_000 });
const warn = vi.spyOn(log, 'warn');
const info = vi.spyOn(log, 'info');

beforeEach(() => {
  now = 0;
  warn.mockClear();
  info.mockClear();
});

function gateOf(name: string): ProviderGate {
  const send = async (): Promise<Outcome> => ({ kind: 'accepted', id: '' });
  return new ProviderGate({ name, send, stop: async () => {} }, log, () => now);
}

const silence: Outcome = { kind: 'retry', reason: 'no answer within 5000 ms', unsure: true };
const failure: Outcome = { kind: 'retry', reason: 'status 500' };

/** Sends one push. @returns the time until it is decided again, if it is not sent */
function send(gate: ProviderGate, outcome: Outcome, token = 'ab'): number | undefined {
  const pass = gate.enter(token, 100);
  if ('reason' in pass) return pass.afterMs;
  pass.leave(outcome);
  return undefined;
}

function sendMany(gate: ProviderGate, count: number, outcome: Outcome, token?: string): void {
  for (let i = 0; i < count; i++) expect(send(gate, outcome, token)).toBeUndefined();
}

const { publicKey } = ((ecdh) => ({ publicKey: ecdh.generateKeys('base64url') }))(createECDH('prime256v1'));
const subscription = (origin: string) =>
  JSON.stringify({
    endpoint: `${origin}/${randomBytes(4).toString('hex')}`,
    keys: { p256dh: publicKey, auth: randomBytes(16).toString('base64url') },
  });

test('a provider that does not answer gets only probes, with pauses from 1 s to 30 s', () => {
  const gate = gateOf('fcm');
  sendMany(gate, 20, silence);
  expect(gate.enter('ab', 100)).toMatchObject({ reason: 'no answer within 5000 ms' });
  const probedAt: number[] = [];
  for (; now < 200_000; now += 100) if (send(gate, silence) === undefined) probedAt.push(now);
  const pauses = probedAt.map((at, i) => at - (probedAt[i - 1] ?? 0));
  expect(pauses.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('so does one to which there is no connection', () => {
  const gate = gateOf('fcm');
  sendMany(gate, 20, { ...silence, unsure: false });
  expect(gate.enter('ab', 100)).toMatchObject({ reason: 'no answer within 5000 ms' });
});

test('what was not sent, since the provider does not support it, says nothing', () => {
  const gate = gateOf('oppo');
  const unsupported: Outcome = { kind: 'unsupported', reason: 'banners only' };
  for (let i = 0; i < 20; i++) {
    sendMany(gate, 1, unsupported);
    sendMany(gate, 1, silence);
  }
  expect(gate.enter('ab', 100), 'as without them').toMatchObject({ reason: silence.reason });
  now += 1_000;
  sendMany(gate, 1, unsupported);
  sendMany(gate, 1, silence);
  expect(gate.enter('ab', 100), 'the probe was the second').toMatchObject({ reason: silence.reason });
});

test('any answer ends it', () => {
  const gate = gateOf('fcm');
  for (let i = 0; i < 5; i++) {
    sendMany(gate, 19, silence);
    sendMany(gate, 1, failure);
  }
  sendMany(gate, 20, silence);
  now += 1_000;
  sendMany(gate, 1, failure);
  sendMany(gate, 19, silence);
  expect([warn, info].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
});

test('while a probe is on its way nothing else is sent; one that is not sent makes room for another', () => {
  const gate = gateOf('fcm');
  sendMany(gate, 20, silence);
  now += 1_000;
  const probe = gate.enter('ab', 100) as Pass;
  expect(gate.enter('ab', 100)).toHaveProperty('reason');
  probe.leave();
  sendMany(gate, 1, silence);
});

test('pushes that were on their way before a pause do not prolong it', () => {
  const gate = gateOf('fcm');
  const passes = Array.from({ length: 90 }, () => gate.enter('ab', 100) as Pass);
  for (const pass of passes) pass.leave(silence);
  now += 1_000;
  sendMany(gate, 1, silence);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('a provider gets the pause it asks for, for a minute at most; a device’s pause is its own', () => {
  const gate = gateOf('xiaomi');
  sendMany(gate, 5, { kind: 'retry', reason: 'status 429', afterMs: 3_600_000 });
  sendMany(gate, 1, { kind: 'retry', reason: 'busy', afterMs: 7_000, all: true });
  expect(gate.enter('ab', 100)).toMatchObject({ reason: 'busy' });
  expect(gate.blocked).toBe(false);
  now += 7_000;
  sendMany(gate, 1, { kind: 'retry', reason: 'busy', afterMs: 3_600_000, all: true });
  now += 59_999;
  expect(send(gate, failure)).toBeGreaterThan(0);
  now += 1;
  sendMany(gate, 1, failure);
});

test('a server of Web Push that does not answer, or takes long, holds up no other', () => {
  const gate = gateOf('webpush');
  sendMany(gate, 20, silence, subscription('https://dead.example'));
  expect(send(gate, silence, subscription('https://dead.example'))).toBeGreaterThan(0);
  sendMany(gate, 20, failure, subscription('https://push.example'));

  const slow = Array.from({ length: 60 }, () => gate.enter(subscription('https://slow.example'), 100));
  expect(slow.filter((pass) => 'leave' in pass)).toHaveLength(50);
  sendMany(gate, 20, failure, subscription('https://push.example'));
});

test('pushes above the limit return one after the other, about as fast as the provider answers', () => {
  const gate = gateOf('fcm');
  for (let i = 0; i < 10; i++) expect(gate.enter('ab', 10)).toHaveProperty('leave');
  const returned = Array.from({ length: 1_000 }, () => gate.enter('ab', 10));
  const pauses = returned.map((each) => ('afterMs' in each ? each.afterMs : NaN));
  expect(pauses[0]).toBeGreaterThanOrEqual(250);
  expect(new Set(pauses).size).toBe(1_000);
  // 100 ms each until it is known, ten at a time.
  expect(pauses.at(-1)).toBeCloseTo(250 + 10_000);
});

test('it forgets servers of Web Push, those that do not answer as soon as there are many', () => {
  const gate = gateOf('webpush');
  sendMany(gate, 20, silence, subscription('https://first.example'));
  for (let i = 0; i < 1_000; i++) sendMany(gate, 1, silence, subscription(`https://h${i}.example`));
  sendMany(gate, 1, silence, subscription('https://first.example'));
});
