import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { legacySchema } from './legacy-schema.js';
import { MariadbServer } from './mariadb-server.js';
import { isAlive } from './processes.js';
import { RedisServer } from './redis-server.js';
import { firstAnswer } from './server-process.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'legacy-servers-'));
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function query(url: string, ...statements: string[]): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: url });
  try {
    let rows: RowDataPacket[] = [];
    for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

/** The account a process runs as, from the outside. */
function accountOf(pid: number): string {
  return spawnSync('ps', ['-o', 'user=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

describe('MariaDB', () => {
  const start = (name: string) =>
    MariadbServer.start({
      dataDir: path.join(folder, name),
      logFile: path.join(folder, `${name}.log`),
      port: 0,
    });

  it('holds the tables of every version, keeps what is committed, and is never root', async () => {
    const killed = await start('mariadb');
    expect(accountOf(killed.pid)).not.toBe('root');
    await query(killed.url, ...legacySchema());
    // Without strict mode: what is too long is cut off.
    await query(
      killed.url,
      "INSERT INTO IMUser (name, departId, created, updated) VALUES (REPEAT('n', 40), 0, 1, 1)",
    );
    await killed.kill();
    const left = await start('mariadb');
    const next = await start('mariadb');
    expect(isAlive(left.pid)).toBe(false);
    expect(await query(next.url, 'SELECT LENGTH(name) AS length FROM IMUser')).toEqual([{ length: 32 }]);
    const tables = await query(next.url, 'SHOW TABLES');
    expect(tables).toHaveLength(25);
    await next.stop();
    expect(isAlive(next.pid)).toBe(false);
  });

  it('has the columns of forks where they are asked for, and lacks those of later versions', async () => {
    const server = await start('forks');
    const columns = `SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE()
      AND (table_name, column_name) IN (('IMUser', 'pid'), ('IMTransmitFile', 'taskId'), ('IMProject', 'appkey'),
        ('IMAdmin', 'type'), ('IMUser', 'wechat'))`;
    const extraColumns = { IMUser: ['wechat varchar(32) DEFAULT NULL'] };
    await query(server.url, ...legacySchema({ transmitFile: true, projects: true, extraColumns }));
    expect(await query(server.url, columns)).toEqual([{ n: 5 }]);
    await query(server.url, 'CREATE DATABASE march', 'USE march', ...legacySchema({ profiles: false }));
    const profile = `SELECT COUNT(*) AS n FROM information_schema.columns WHERE column_name = 'sign_info'
      AND table_schema IN ('teamtalk', 'march')`;
    expect(await query(server.url, profile)).toEqual([{ n: 1 }]);
    await server.stop();
  });
});

describe('Redis', () => {
  const start = () =>
    RedisServer.start({
      dataDir: path.join(folder, 'redis'),
      logFile: path.join(folder, 'redis.log'),
      port: 0,
    });

  it('keeps what it has when it is stopped, loses what is new when it is killed, and is never root', async () => {
    const first = await start();
    expect(accountOf(first.pid)).not.toBe('root');
    expect(String(await firstAnswer(first.port, 'SET kept 1\r\n'))).toBe('+OK\r\n');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(String(await firstAnswer(second.port, 'GET kept\r\n'))).toBe('$1\r\n1\r\n');
    expect(String(await firstAnswer(second.port, 'SET kept 2\r\n'))).toBe('+OK\r\n');
    await second.kill();
    const third = await start();
    expect(String(await firstAnswer(third.port, 'GET kept\r\n'))).toBe('$1\r\n1\r\n');
    await third.stop();
  });
});
