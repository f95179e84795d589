import { Conversation } from '@teamtalk/load-generator';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check, checkHistory } from './check.js';
import type { Sql } from './copies.js';
import { FaultTimes } from './fault-times.js';
import { Ledger } from './ledger.js';

const [ann, bob] = [1, 2];

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

it('reports of each copy the time, the transaction and the request that stored it', async () => {
  const reports: string[] = [];
  const ledger = new Ledger((text) => reports.push(text));
  const sql: Sql = async <Row>(text: string, values: unknown[]) =>
    (await client.query(text, values)).rows as Row[];
  const conversation = ledger.add(Conversation.pair(ann, bob));
  const sent = ledger.begin(conversation, ann);
  const data = createTextCodec(DEFAULT_TEXT_KEY).encrypt(`chaos ${sent.serial}`);
  const token = BigInt.asIntN(64, 0xfffffff1_00000004n);
  await client.query(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
     SELECT $1, i, $2, i, $3, clock_timestamp(), 1, $4 FROM generate_series(1, 2) i`,
    [conversation.conv, ann, String(token), data],
  );
  const { rows } = await client.query('SELECT xmin::text AS xid FROM message WHERE id = 1');
  const { xid } = rows[0];
  const faults = new FaultTimes();
  faults.add(sent.sentAt, sent.sentAt);
  expect(await check(ledger, sql, faults, 0)).toMatchObject({ duplicated: 1, lost: 0 });
  const stored = (id: number, since: string) =>
    `${id} stored ${since}at 20\\S+Z, transaction ${xid}, trace fffffff100000004 \\(4294967281, request 4\\)`;
  const since = '\\d{1,4} ms after a fault began, ';
  expect(reports[0]).toMatch(
    new RegExp(`is in history as 1 and 2.*; ${stored(1, since)}; ${stored(2, since)}$`),
  );
  reports.length = 0;
  expect(await checkHistory(ledger, sql)).toBe(1);
  expect(reports[0]).toMatch(new RegExp(`is in history again as 2.*; ${stored(1, '')}; ${stored(2, '')}$`));
});
