import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PostgresPair } from './postgres-pair.js';

let dir: string;
let pair: PostgresPair | undefined;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
  await chmod(dir, 0o711);
});
afterEach(async () => {
  await pair?.stop();
  pair = undefined;
  await rm(dir, { recursive: true, force: true });
});

const ids = async () =>
  (await pair!.primary.query<{ id: number }>('SELECT id FROM note ORDER BY id')).map(({ id }) => id);

test('a synchronous standby has all that was committed when it takes over, and the old primary joins it', async () => {
  pair = await PostgresPair.start({ dir });
  const { url } = pair;
  await pair.primary.query('CREATE TABLE note (id int)');
  for (let id = 1; id <= 2; id++) {
    await pair.primary.query(`INSERT INTO note VALUES (${id * 10})`);
    await pair.killPrimary();
    await pair.promote();
    await pair.primary.query(`INSERT INTO note VALUES (${id * 10 + 1})`);
    await pair.rejoin();
    expect(pair.url).toBe(url);
  }
  expect(await ids()).toEqual([10, 11, 20, 21]);
}, 120_000);

test('an asynchronous standby that lags loses what was committed meanwhile', async () => {
  pair = await PostgresPair.start({ dir, synchronous: false });
  await pair.primary.query('CREATE TABLE note (id int)');
  await pair.lag();
  await pair.primary.query('INSERT INTO note VALUES (1)');
  await pair.catchUp();
  await expect.poll(() => pair!.standby.query('SELECT id FROM note')).toEqual([{ id: 1 }]);
  await pair.lag();
  await pair.primary.query('INSERT INTO note VALUES (2)');
  await pair.killPrimary();
  await pair.promote();
  await pair.primary.query('INSERT INTO note VALUES (3)');
  expect(await ids()).toEqual([1, 3]);
}, 120_000);
