import { TestCluster, testPassword } from '@teamtalk/cluster';
import type { LoadOptions } from '@teamtalk/load-generator';
import {
  problemsOf,
  runBroadcast,
  runDirectory,
  runEcho,
  runGroup,
  runIdle,
  runLogin,
  runP2p,
  runPush,
  runRead,
  runStorm,
} from '@teamtalk/load-generator';
import { ClientType } from '@teamtalk/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeServer, type Fate } from './fake-server.js';

function optionsFor(port: number, users: number): LoadOptions {
  return {
    servers: [{ host: '127.0.0.1', port }],
    tls: false,
    users,
    prefix: 'u',
    first: 1,
    password: testPassword,
    clientType: ClientType.IOS,
    concurrency: 16,
    seconds: 0.5,
    warmup: 0.1,
    drain: 5,
    watch: [],
    say: () => {},
  };
}

const messages = { rate: 1000, size: 128, receipts: 'received', verify: true, oneWay: false } as const;

describe('against a server with configured faults', () => {
  let server: FakeServer;

  afterEach(() => server.stop());

  async function run(fates: Record<number, Fate>, drain = 5) {
    server = await FakeServer.start((index) => fates[index] ?? {});
    return runP2p({ ...optionsFor(server.port, 4), ...messages, drain });
  }

  it('reports no faults of a correct server', async () => {
    const result = await run({});
    expect(problemsOf(result)).toEqual([]);
    expect(result.messages).toMatchObject({ sent: 600, acked: 600, delivered: 600 });
    expect(result.history).toMatchObject({ stored: 600, lost: 0 });
    // Only the last 0.5 of the 0.6 s is measured.
    expect(result.latency.ack?.count).toBe(500);
    expect(result.latency.delivery?.count).toBe(500);
    expect(result.rates.acked).toBeGreaterThan(800);
    expect(result.rates.acked).toBeLessThan(1200);
  });

  it('counts lost and unacknowledged messages', async () => {
    const result = await run({ 10: { deliveries: 0 }, 20: { deliveries: 0 }, 30: { acks: 0 } }, 0.3);
    expect(result.messages).toMatchObject({
      sent: 600,
      acked: 599,
      delivered: 598,
      unacked: 1,
      undelivered: 2,
    });
    expect(result.history).toMatchObject({ stored: 600, lost: 0 });
    expect(problemsOf(result)).toHaveLength(2);
  });

  it('counts duplicates, and acks that come twice', async () => {
    const result = await run({ 10: { deliveries: 2 }, 20: { deliveries: 3 }, 30: { acks: 2 } });
    expect(result.messages).toMatchObject({ acked: 600, delivered: 600, duplicated: 3, strayAcks: 1 });
  });

  it('counts messages delivered out of order', async () => {
    const result = await run({ 8: { late: true }, 100: { late: true }, 201: { late: true } });
    expect(result.messages).toMatchObject({ delivered: 600, undelivered: 0, reordered: 3, duplicated: 0 });
  });

  it('finds acknowledged messages missing from the history, and duplicates in it', async () => {
    const fates: Record<number, Fate> = {};
    for (let i = 50; i < 57; i++) fates[i] = { forgotten: true };
    for (let i = 300; i < 303; i++) fates[i] = { doubled: true };
    const { history, messages } = await run(fates);
    expect(messages).toMatchObject({ acked: 600, delivered: 600 });
    expect(history).toMatchObject({ stored: 593, lost: 7, duplicated: 3, unread: 0 });
  });
});

describe('with a real cluster', () => {
  const users = 12;
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({ login_server: 1, http_msg_server: 1 });
    await cluster.addUsers(Array.from({ length: users }, (_, i) => `u${i + 1}`));
  });

  afterAll(() => cluster?.stop());

  it('runs every mode', async () => {
    const options = optionsFor(cluster.port('msg_server', 0, 'client'), users);

    const p2p = await runP2p({ ...options, ...messages, rate: 100, seconds: 0.5 });
    expect(problemsOf(p2p)).toEqual([]);
    expect(p2p.history).toMatchObject({ stored: 60, lost: 0 });
    expect(p2p.usage.generator?.cpuSeconds).toBeGreaterThan(0);

    const inGroups = { ...options, ...messages, groupSize: 6, senders: 2, rate: 50, seconds: 0.5 };
    const group = await runGroup(inGroups);
    expect(problemsOf(group)).toEqual([]);
    expect(group.messages).toMatchObject({ sent: 30, delivered: 150 });
    expect(group.history).toMatchObject({ stored: 30, lost: 0 });

    const echo = await runEcho({ ...options, rate: 200, seconds: 0.5, logIn: true });
    expect(echo.figures).toEqual({ sent: 120, echoed: 120 });
    const idle = await runIdle({ ...options, heartbeat: 0.5, seconds: 0.5 });
    expect(idle.figures?.connections).toBe(users);
    expect(idle.latency.heartbeat?.count).toBeGreaterThan(0);

    const login = await runLogin({ ...options, total: 30, rate: 0, keep: false });
    expect(problemsOf(login)).toEqual([]);
    expect(login.latency.login?.count).toBe(30);
    const storm = await runStorm({ ...options, patience: 20 });
    expect(problemsOf(storm)).toEqual([]);
    expect(storm.figures).toMatchObject({ clients: users, notBack: 0 });
  });

  it('runs every mode that reads or speaks HTTP', async () => {
    const options = optionsFor(cluster.port('msg_server', 0, 'client'), users);
    const http = { host: '127.0.0.1', port: cluster.port('http_msg_server', 0, 'http') };

    const push = await runPush({ ...options, http, rate: 50, connections: 4, size: 64 });
    expect(push.figures).toMatchObject({
      sent: 30,
      accepted: 30,
      delivered: 30,
      undelivered: 0,
      duplicates: 0,
    });
    const broadcast = await runBroadcast({ ...options, http, size: 64 });
    expect(broadcast.figures).toMatchObject({ receivers: users - 1, delivered: users - 1, errorCode: 0 });

    const login = [{ host: '127.0.0.1', port: cluster.port('login_server', 0, 'http') }];
    for (const keepAlive of [true, false]) {
      const directory = await runDirectory({ ...options, servers: login, rate: 100, keepAlive });
      expect(directory.figures).toEqual({ good: 60, bad: 0 });
      expect(directory.latency.answer?.count).toBe(50);
    }

    for (const [what, inTheFirst] of [
      ['unread', 3],
      ['users', users],
      ['sessions', 3],
      ['history', 1],
    ] as const) {
      const peer = (await cluster.sql<{ id: number }>(`SELECT id FROM im_user WHERE name = 'u1'`))[0]!.id;
      // u2 has sessions with u1, a group, and the sender of the broadcast.
      const reader = { ...options, users: 1, first: 2 };
      const read = await runRead({ ...reader, rate: 40, what, peer, newest: 0, page: 1 });
      expect(read.figures).toMatchObject({ asked: 24, answered: 24, inTheFirst });
    }
  });

  it('reports that no user can log in', async () => {
    const options = { ...optionsFor(cluster.port('msg_server', 0, 'client'), 2), prefix: 'nobody' };
    await expect(runP2p({ ...options, ...messages })).rejects.toThrow(
      'none of 2 users could log in, 2 refused (6)',
    );
  });
});

it('says which limit to raise when there are too few file descriptors', async () => {
  await expect(runIdle({ ...optionsFor(1, 9_999_999), heartbeat: 1 })).rejects.toThrow('ulimit -n');
});
