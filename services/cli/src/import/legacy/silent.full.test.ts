import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LegacyStand, startLegacyStand } from '../testing/legacy-stand.js';
import { LegacyDatabase } from './mysql.js';

let stand: LegacyStand;
let legacy: LegacyDatabase;

beforeAll(async () => {
  stand = await startLegacyStand();
  legacy = await LegacyDatabase.open(stand.mariadb.url, 1);
}, 120_000);

afterAll(async () => {
  process.kill(stand.mariadb.pid, 'SIGCONT');
  await legacy?.close();
  await stand?.close();
});

it('a query to a silent server times out, and succeeds again once the server responds', async () => {
  process.kill(stand.mariadb.pid, 'SIGSTOP');
  // A thread that is running stops a moment later.
  await expect.poll(() => readFileSync(`/proc/${stand.mariadb.pid}/stat`, 'utf8')).toMatch(/\) T /);
  await expect(legacy.rows('SELECT 1', [], 300)).rejects.toThrow(
    /does not answer \(deadline-exceeded\). Nothing is lost: the same command continues where it was/,
  );
  process.kill(stand.mariadb.pid, 'SIGCONT');
  expect(await legacy.rows('SELECT 1', [], 60_000)).toEqual([[1]]);
});
