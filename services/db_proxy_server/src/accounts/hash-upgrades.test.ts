import { createKit } from '@teamtalk/service-kit';
import { expect, test } from 'vitest';
import { HashUpgrades } from './hash-upgrades.js';
import type { Logins } from './logins.js';
import type { PasswordChecker } from './passwords/password-checker.js';
import type { ProofKey } from './passwords/proof-key.js';

const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });

function upgrades(hash: (digest: string) => Promise<string>) {
  const upgraded: number[] = [];
  const logins = { upgradeHash: async (userId: number) => void upgraded.push(userId) };
  const work = new HashUpgrades(
    logins as unknown as Logins,
    { hash } as unknown as PasswordChecker,
    { mac: () => Buffer.alloc(32) } as unknown as ProofKey,
    kit,
  );
  return { work, upgraded };
}

test('takes a thousand, one after the other, and a user once', async () => {
  let atOnce = 0;
  let most = 0;
  const { work, upgraded } = upgrades(async (digest) => {
    most = Math.max(most, ++atOnce);
    await Promise.resolve();
    atOnce--;
    return `hash of ${digest}`;
  });
  for (let userId = 1; userId <= 1_500; userId++) {
    work.offer(userId, 'outdated', 'digest');
    work.offer(userId, 'outdated', 'digest');
  }
  await expect.poll(() => upgraded.length, { timeout: 30_000 }).toBe(1_001);
  expect(new Set(upgraded).size).toBeGreaterThanOrEqual(1_000);
  expect(most).toBe(1);
  await work.stop();
});

test('one that fails does not hold up the others; nothing is begun after stop', async () => {
  let release: (() => void) | undefined;
  const { work, upgraded } = upgrades((digest) => {
    if (digest === 'bad') return Promise.reject(new Error('full'));
    if (digest === 'slow') {
      return new Promise((resolve) => {
        release = () => resolve('hash');
      });
    }
    return Promise.resolve('hash');
  });
  work.offer(1, 'outdated', 'bad');
  work.offer(2, 'outdated', 'good');
  await expect.poll(() => upgraded).toEqual([2]);
  work.offer(3, 'outdated', 'slow');
  work.offer(4, 'outdated', 'good');
  await expect.poll(() => release).toBeDefined();
  const stopped = work.stop();
  release?.();
  await stopped;
  work.offer(5, 'outdated', 'good');
  expect(upgraded).toEqual([2, 3]);
});
