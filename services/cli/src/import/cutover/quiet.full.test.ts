import { afterAll, beforeAll, expect, it } from 'vitest';
import { LegacyDatabase } from '../legacy/mysql.js';
import type { LegacyPlaces } from '../places.js';
import { type LegacyStand, startLegacyStand } from '../testing/legacy-stand.js';
import { writeMark } from './quiet.js';

let stand: LegacyStand;
let legacy: LegacyDatabase;
let places: LegacyPlaces;

beforeAll(async () => {
  stand = await startLegacyStand();
  const place = (number: number) => `${stand.redisUrl}/${number}`;
  places = {
    mysql: stand.mariadb.url,
    redis: { unread: place(1), group_set: place(2), token: place(4), group_member: place(5) },
    images: undefined,
    offlineFiles: undefined,
    textKey: undefined,
  };
  legacy = await LegacyDatabase.open(places.mysql, 1);
}, 120_000);

afterAll(async () => {
  await legacy?.close();
  await stand?.close();
});

const mark = () => writeMark({ places, legacy });

it('a write to MySQL or to any database of Redis changes the mark', async () => {
  const first = await mark();
  expect(await mark()).toBe(first);
  await stand.sql.query(`INSERT INTO IMUser (name, departId, created, updated) VALUES ('ann', 0, 1, 1)`);
  const second = await mark();
  expect(second).not.toBe(first);
  await stand.redis(5).hset('group_member_1', '1', '1');
  expect(await mark()).not.toBe(second);
});

it('a replica that does not follow its master is reported', async () => {
  expect(await legacy.replicaProblem()).toBeUndefined();
  await stand.sql.query(
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody', MASTER_CONNECT_RETRY = 3600;
    START SLAVE`,
  );
  expect(await legacy.replicaProblem()).toMatch(/it is a replica, and does not follow its master/);
  await stand.sql.query('STOP SLAVE; RESET SLAVE ALL');
  expect(await legacy.replicaProblem()).toBeUndefined();
});

it('an account that may not read the replication status cannot confirm that a replica is up to date', async () => {
  await stand.sql.query(
    `CREATE USER reader@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON teamtalk.* TO reader@'%'`,
  );
  const url = new URL(stand.mariadb.url);
  url.username = 'reader';
  url.password = 'secret';
  const reader = await LegacyDatabase.open(url.href, 1);
  expect(await reader.replicaProblem()).toBeUndefined();
  await stand.sql.query('SET GLOBAL read_only = 1');
  expect(await reader.replicaProblem()).toMatch(
    /may be a replica, and this account may not read its replication status/,
  );
  await stand.sql.query('SET GLOBAL read_only = 0');
  await reader.close();
});

it('a snapshot of Redis does not count as a write, however much was written before it', async () => {
  await stand.redis(1).set('msg_id_1', '1');
  const before = await mark();
  await stand.redis(1).save();
  expect(await mark()).toBe(before);
});
