import { connect } from 'node:net';
import { Registry, topics } from '@teamtalk/bus';
import { RawConnection } from '@teamtalk/local-stack';
import { Commands, encodePdu, encodeRawPdu } from '@teamtalk/protocol';
import { createLogger, type Service } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricsOf, TestInstallation } from './testing/test-installation.js';

let installation: TestInstallation;
let service: Service;
beforeAll(async () => {
  installation = await TestInstallation.start();
});
afterAll(() => installation.stop());

const start = (env: NodeJS.ProcessEnv = {}) =>
  installation.fileServer({ MAX_CONSECUTIVE_BAD_PDUS: '3', ...env });

const login = (seqNum = 5) =>
  encodePdu(
    Commands.FileLoginReq,
    { userId: 1, taskId: '3f0c1a52-6f0e-4a44-9a55-d6ef39a4ad3b', fileRole: 1 },
    seqNum,
  );
const heartbeat = (seqNum = 1) => encodeRawPdu(0x0701, Buffer.alloc(0), seqNum);
const open = (of = service) => RawConnection.open(of.ports.client!);
const metrics = (of = service) => metricsOf(of);
const closedBecause = (reason: string, of = service) =>
  expect
    .poll(() => metrics(of), { timeout: 15_000 })
    .toContain(`connections_closed_total{reason="${reason}"} 1\n`);

beforeEach(async () => {
  service = await start();
});
afterEach(() => service.stop());

describe('a client', () => {
  it('gets its heartbeats echoed before the login', async () => {
    const connection = await open();
    await connection.send(Buffer.concat([heartbeat(3), heartbeat(32_767)]));
    expect(await connection.next()).toMatchObject({ commandId: 0x0701, seqNum: 3 });
    expect(await connection.next()).toMatchObject({ commandId: 0x0701, seqNum: 32_767 });
    connection.close();
    await closedBecause('peer');
  });

  it('is closed when it sends another command before the login', async () => {
    const connection = await open();
    await connection.send(
      Buffer.concat([encodePdu(Commands.FileState, { state: 3, taskId: 'x', userId: 1 }, 1), login()]),
    );
    await connection.closed;
    expect(connection.received).toEqual([]);
    await closedBecause('not_logged_in');
  });

  it('may send a few unknown PDUs, and a login that does not parse', async () => {
    const connection = await open();
    await connection.send(
      Buffer.concat([
        encodeRawPdu(0x7777, Buffer.from('noise'), 1),
        encodeRawPdu(0x0501, Buffer.from([0xff]), 2),
      ]),
    );
    await connection.send(login());
    expect(await connection.next()).toMatchObject({ commandId: 0x0502 });
    expect(await metrics()).toContain('bad_pdus_total 2\n');
  });

  it('is closed when it sends much before its login, or while the login is checked', async () => {
    const large = encodeRawPdu(0x7777, Buffer.alloc(100_000), 1);
    const connection = await open();
    await connection.send(large.subarray(0, 50_000));
    await connection.closed;
    await closedBecause('before_login');
    let answer = () => {};
    installation.held = new Promise((resolve) => {
      answer = resolve;
    });
    const checked = await open();
    await checked.send(Buffer.concat([login(), large]));
    await checked.closed;
    answer();
    installation.held = undefined;
    expect(await metrics()).toContain('connections_closed_total{reason="before_login"} 2\n');
  });

  it('is closed after too many of them', async () => {
    const connection = await open();
    const noise = encodeRawPdu(0x7777, Buffer.from('noise'), 1);
    await connection.send(Buffer.concat([noise, noise, noise, login()]));
    await connection.closed;
    expect(connection.received).toEqual([]);
    await closedBecause('bad_pdus');
  });

  it.each([0, 1, 15, 262_145, 2 ** 31, 2 ** 32 - 1])(
    'is closed on a PDU length of %d; other clients are not affected',
    async (length) => {
      const other = await open();
      const connection = await open();
      const header = Buffer.alloc(16);
      header.writeUInt32BE(length);
      await connection.send(header);
      await connection.closed;
      await closedBecause('framing');
      await other.send(heartbeat());
      expect(await other.next()).toMatchObject({ commandId: 0x0701 });
      other.close();
    },
  );

  it('is closed when it does not read its heartbeats', async () => {
    const deaf = connect(service.ports.client!, '127.0.0.1');
    deaf.on('error', () => {});
    deaf.pause();
    const many = Buffer.concat(Array.from({ length: 4096 }, () => heartbeat()));
    const closed = new Promise<void>((resolve) => deaf.once('close', () => resolve()));
    const write = () => {
      while (!deaf.destroyed && deaf.write(many));
    };
    deaf.on('drain', write);
    write();
    await closedBecause('not_reading');
    deaf.destroy();
    await closed;
  });
});

describe('a connection', () => {
  it('that sends nothing is closed', async () => {
    const hasty = await start({ LOGIN_TIMEOUT_MS: '100' });
    await (await open(hasty)).closed;
    await closedBecause('timeout', hasty);
    await hasty.stop();
  });

  it('above the maximum is refused', async () => {
    const small = await start({ MAX_CONNECTIONS: '1' });
    const first = await open(small);
    await expect.poll(() => metrics(small), { timeout: 15_000 }).toContain('connections 1\n');
    await (await open(small)).closed;
    await expect.poll(() => metrics(small), { timeout: 15_000 }).toContain('connections_refused_total 1\n');
    first.close();
    await small.stop();
  });
});

describe('a msg_server', () => {
  const wanted = { fromUserId: 1, toUserId: 2, fileName: 'a.txt', fileSize: 3, transMode: 1 };

  it('gets a task that every file_server knows, and the address of this one', async () => {
    const { bus, db } = installation;
    const task = await bus.request(topics.fileTask, wanted, 2_000);
    expect(task).toMatchObject({ ip: '127.0.0.1', port: service.ports.client });
    expect(task.taskId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(db.created.at(-1)).toMatchObject({
      taskId: task.taskId,
      fromUserId: 1,
      toUserId: 2,
      fileName: 'a.txt',
      fileSize: 3,
      offline: false,
      lifetimeMs: 3_600_000,
      maxUnfinished: 100,
      maxUserBytes: 32 * 1024 ** 3,
      maxTotalBytes: 1024 ** 4,
    });
    expect(await metrics()).toContain('tasks_total{result="made"} 1\n');
  });

  it('is refused transfers beyond the quotas', async () => {
    installation.db.full = true;
    expect((await installation.bus.request(topics.fileTask, wanted, 2_000)).taskId).toBe('');
    installation.db.full = false;
    expect(await metrics()).toContain('tasks_total{result="too_many"} 1\n');
  });

  it('finds no subscriber once the file_server stops', async () => {
    await service.stop();
    await expect(installation.bus.request(topics.fileTask, wanted, 1_000)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('the process', () => {
  it('announces its address, and deregisters when it stops', async () => {
    const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
    const registry = new Registry(installation.bus, log, 'file_server');
    await expect
      .poll(() => registry.get(service.instance), { timeout: 15_000 })
      .toMatchObject({
        ip1: '127.0.0.1',
        port: service.ports.client,
      });
    await service.stop();
    await expect.poll(() => registry.get(service.instance), { timeout: 15_000 }).toBeUndefined();
    registry.stop();
  });

  it('stops at once although clients are connected', async () => {
    const connection = await open();
    const begin = performance.now();
    await service.stop();
    await connection.closed;
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it('is ready while its dependencies are available', async () => {
    const response = await fetch(`http://127.0.0.1:${service.ports.ops}/readyz`);
    expect(await response.json()).toEqual({
      ready: true,
      draining: false,
      dependencies: { nats: 'up', db_proxy_server: 'up', storage: 'up' },
    });
  });
});
