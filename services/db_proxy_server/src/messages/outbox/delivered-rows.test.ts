import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DeliveredRows } from './delivered-rows.js';

let rows: DeliveredRows;

beforeEach(() => {
  const pool = { query: async () => ({ rows: [] }) } as unknown as Pool;
  rows = new DeliveredRows(pool, createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 }));
});

afterEach(() => rows.stop());

test('rows of a failed transaction are there once, whatever was delivered in the meantime', () => {
  const none = rows.take();
  rows.add('1');
  rows.giveBack(none);
  expect(rows.ids).toEqual(['1']);
  const some = rows.take();
  rows.add('2');
  rows.giveBack(some);
  expect([...rows.ids].sort()).toEqual(['1', '2']);
});

test('half a million rows can be given back', () => {
  rows.giveBack(Array.from({ length: 500_000 }, (_, id) => `${id}`));
  expect(rows.ids).toHaveLength(500_000);
});
