import { describe, expect, it } from 'vitest';
import { withPresets } from './assumptions.js';
import { planFor } from './plan.js';

/** 100 messages and 10 logins in the busiest second; 43,200 connections. */
const quiet = withPresets({
  messagesPerUserDay: 10,
  peakFactor: 10,
  loginsPerUserDay: 1,
  sessionsPerLogin: 10,
  onlineShare: 0.5,
  devices: 1,
  groupShare: 0.5,
  members: 11,
});

/** 40,000 messages in the busiest second, and nothing else. */
const busy = withPresets({ messagesPerUserDay: 40, peakFactor: 10, loginsPerUserDay: 0, groupShare: 0 });

const replicasOf = (plan: ReturnType<typeof planFor>) =>
  Object.fromEntries(plan.services.map(({ service, replicas }) => [service, replicas]));

describe('a plan', () => {
  it('has the load of the busiest second', () => {
    expect(planFor(86_400, quiet).load).toEqual({
      messagesPerDay: 864_000,
      messagesPerSecond: 100,
      // Half of the messages have one receiver, half have ten; half of all receivers are online.
      deliveriesPerSecond: 275,
      loginsPerSecond: 10,
      connections: 43_200,
    });
  });

  it('has enough msg_servers for the connections, and a spare one', () => {
    const [msgServer] = planFor(86_400, quiet).services;
    expect(msgServer).toMatchObject({ service: 'msg_server', replicas: 5, because: 'connections' });
    // Each has 20 transactions of 334.6 µs. Together: 100 messages of 29.4 µs, 175 deliveries more of 4.1, 10 logins of
    // 133, and 43,200 connections of 1.45 millionths of a core.
    expect(msgServer!.cpu).toBeCloseTo(0.03346 + 0.00294 + 0.00072 + 0.00133 + 0.06284, 4);
    // 512 MiB plus a quarter of the connections at 1.4 KiB, without the spare replica.
    expect(msgServer!.memoryOfReplica).toBeCloseTo(512 * 1024 ** 2 + 10_800 * 1.4 * 1024, 0);
  });

  it('keeps two of each service even where one would do', () => {
    expect(replicasOf(planFor(100, quiet))).toEqual({
      msg_server: 2,
      db_proxy_server: 2,
      route_server: 2,
      login_server: 2,
    });
  });

  it('plans no more messages per replica than were measured', () => {
    const plan = planFor(8_640_000, busy);
    expect(plan.load.messagesPerSecond).toBe(40_000);
    expect(plan.services[1]).toMatchObject({ replicas: 3, because: '20,000 messages/s, as measured' });
    // 357 transactions of 515.7 µs at each of two, and 40,000 messages of 5.58 µs.
    expect(plan.services[1]!.cpuOfReplica).toBeCloseTo(0.184 + 0.1116, 3);
  });

  it('sizes PostgreSQL by what all db_proxy_servers do', () => {
    const { postgresql } = planFor(8_640_000, busy).stores;
    // 357 transactions of 435.9 µs from each of three, and 40,000 messages of 12.18 µs.
    expect(postgresql.cpu).toBeCloseTo(0.467 + 0.487, 3);
    expect(postgresql.cores).toBe(2);
    // Three times: a pool of 10, one transaction, 5 others and the owner's lock.
    expect(postgresql.connections).toBe(51);
    // 345.6 million messages of 300 bytes.
    expect(postgresql.diskPerDay).toBe(103_680_000_000);
    expect(postgresql.diskPerYear).toBe(365 * 103_680_000_000);
    expect(postgresql.walPerDay).toBe(3 * 103_680_000_000);
    expect(planFor(8_640_000, { ...busy, retention: 30, messageBytes: 428 }).stores.postgresql.diskKept).toBe(
      30 * 2 * 103_680_000_000,
    );
  });

  it('needs fewer cores if they are faster', () => {
    const [slow, fast] = [1, 2].map((coreSpeed) => planFor(86_400, { ...quiet, coreSpeed }));
    expect(fast!.services[0]!.cpu).toBeCloseTo(slow!.services[0]!.cpu / 2);
  });

  it('warns when it exceeds what was measured', () => {
    expect(planFor(86_400, quiet).warnings).toEqual([]);
    expect(planFor(8_640_000, busy).warnings).toEqual([expect.stringContaining('have not been measured')]);
    expect(planFor(20_000_000, busy).warnings).toEqual([
      expect.stringContaining('more than one PostgreSQL can be expected to store'),
    ]);
  });

  it('is refused if no number of replicas is enough', () => {
    expect(() => planFor(1_000_000, { ...quiet, connectionsPerMsgServer: 1 })).toThrow(
      'more than 2000 replicas of a service, for connections',
    );
  });
});
