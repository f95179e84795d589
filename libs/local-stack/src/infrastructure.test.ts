import { connect } from 'node:net';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { testDatabase, testNats } from './infrastructure.js';

describe('the test infrastructure', () => {
  it('gives each caller a database of its own', async () => {
    const [one, other] = await Promise.all([
      testDatabase({ migrated: false }),
      testDatabase({ migrated: false }),
    ]);
    expect(one.name).not.toBe(other.name);
    const client = new pg.Client({ connectionString: one.url });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('SELECT current_database() AS name');
    expect(rows[0].name).toBe(one.name);
    // Dropped although somebody is connected.
    await one.drop();
    await expect(client.query('SELECT 1')).rejects.toThrow();
    await other.drop();
  });

  it('refuses to drop a database it did not create', async () => {
    const database = await testDatabase({ migrated: false });
    await database.drop();
    await expect(database.drop()).rejects.toThrow('is not a database of this test run');
  });

  it('gives all callers one NATS, each with its own prefix and room for large events', async () => {
    const [one, other] = [await testNats(), await testNats()];
    expect(other.url).toBe(one.url);
    expect(other.prefix).not.toBe(one.prefix);
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(one.url).port) });
    const info = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(info.toString()).toMatch(/^INFO .*"max_payload":8388608/);
  });
});
