import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { NatsServer } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bus } from './bus.js';
import { joinCluster } from './cluster.js';
import { allTopics, inboxOf, natsAuthorization } from './permissions.js';
import { type Member, members, topics } from './subjects.js';

const prefix = 'teamtalk';
const password = 'secret';

let folder: string;
let server: NatsServer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-permissions-'));
  server = await NatsServer.start({
    dir: folder,
    port: 0,
    logFile: path.join(folder, 'log'),
    settings: [natsAuthorization(prefix, () => `"${password}"`, ['{ user: shared, password: shared }'])],
  });
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that can be published or subscribed to: every row of the table, every inbox, and what is not in the table. */
interface Cell {
  subject: string;
  publishers: readonly Member[];
  subscribers: readonly Member[];
}

function cells(): Cell[] {
  const rows = allTopics().map(({ subject, ...row }) => ({
    ...row,
    subject: `${prefix}.${concrete(subject)}`,
  }));
  const inboxes = allTopics().flatMap((row) =>
    members.map((asker) => ({
      subject: `${inboxOf(prefix, asker, row.subject)}.abc.def`,
      publishers: row.answer === undefined ? [] : row.subscribers,
      // An inbox is one's own, whatever one asks.
      subscribers: asks(asker) ? [asker] : [],
    })),
  );
  const others = ['announcement', 'msg', '>'].map((each) => `${prefix}.${each}`);
  const foreign = [
    '_INBOX.abc.def',
    '_INBOX.>',
    '>',
    '*',
    'other.node.00000001',
    '$SYS.>',
    '$SYS.REQ.SERVER.PING',
  ];
  const jetStream = ['$JS.API.INFO', '$JS.API.STREAM.CREATE.x', '$JS.API.>'];
  const nobody = [...others, ...foreign, ...jetStream].map((subject) => ({
    subject,
    publishers: [],
    subscribers: [],
  }));
  return [...rows, ...inboxes, ...nobody];
}

function asks(member: Member): boolean {
  return allTopics().some(({ publishers, answer }) => answer !== undefined && publishers.includes(member));
}

function concrete(subject: string): string {
  return subject.replace(/\.\*$/, '.0000abcd');
}

/** What NATS refuses of all attempts: each as `publish SUBJECT` or `subscription SUBJECT`. */
async function refusalsOf(nats: NatsConnection, attempt: () => void): Promise<Set<string>> {
  const refused = new Set<string>();
  const watching = (async () => {
    for await (const status of nats.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      refused.add(`${status.error.operation} ${status.error.subject}`);
    }
  })();
  attempt();
  // NATS answers in order: what it refuses comes before this.
  await nats.flush();
  await nats.close();
  await watching;
  return refused;
}

test('every member may do what the table says, and nothing else', async () => {
  let count = 0;
  const wrong: string[] = [];
  for (const member of members) {
    const nats = await connect({ servers: server.url, user: member, pass: password });
    const all = cells();
    const refused = await refusalsOf(nats, () => {
      for (const { subject } of all) {
        nats.subscribe(subject, { callback: () => {} });
        if (!/[*>]/.test(subject)) nats.publish(subject);
      }
    });
    for (const { subject, publishers, subscribers } of all) {
      const expected = { publish: publishers.includes(member), subscription: subscribers.includes(member) };
      for (const [operation, allowed] of Object.entries(expected)) {
        if (operation === 'publish' && /[*>]/.test(subject)) continue;
        count++;
        const isRefused = refused.has(`${operation} ${subject}`);
        if (isRefused === allowed)
          wrong.push(`${member}: ${operation} ${subject} is ${isRefused ? 'refused' : 'allowed'}`);
      }
    }
  }
  console.log(`NATS permissions: ${count} cells, ${wrong.length} wrong`);
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(2_000);
});

describe('a user of NATS that lacks a permission', () => {
  const kitOf = (service: string) => createKit(service, { logLevel: 'silent', shutdownMs: 1_000 });
  const nats = (user: string) => ({ url: server.url, prefix, user, password });

  test('has its requests fail at once; they are counted, and each kind is logged once', async () => {
    const { log: silent, metrics } = kitOf('msfs');
    const lines: unknown[] = [];
    const log = Object.assign(Object.create(silent), { error: (...line: unknown[]) => lines.push(line) });
    const bus = await Bus.connect({ ...nats('msfs'), name: 'test', member: 'msfs', log, metrics });
    const refused = { code: 'not-permitted' };
    await expect(bus.request(topics.kickUser, { userId: 1 }, 20_000)).rejects.toMatchObject(refused);
    for (const instance of [1, 2]) {
      await expect(bus.request(topics.node(instance), {}, 20_000)).rejects.toMatchObject(refused);
      bus.publish(topics.node(instance), {});
    }
    await bus.flush();
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/bus_refused_total\{operation="publish"\} 5/);
    const subject = (end: RegExp) => ({ subject: expect.stringMatching(end) });
    expect(lines).toEqual([
      [{ operation: 'publish', ...subject(/^teamtalk\.kick$/) }, expect.any(String)],
      [{ operation: 'publish', ...subject(/^teamtalk\.node\.00000001$/) }, expect.any(String)],
    ]);
    await bus.drain();
  });

  test('is not ready when a subscription is refused', async () => {
    const kit = kitOf('msfs');
    const cluster = await joinCluster(kit, nats('msfs'));
    expect(kit.health.report().ready).toBe(true);
    cluster.bus.subscribe(topics.node(1), () => {});
    await expect.poll(() => kit.health.report().ready).toBe(false);
    expect(await kit.metrics.registry.metrics()).toMatch(/bus_refused_total\{operation="subscription"\} 1/);
    await kit.life.stop();
  });

  test('cannot announce itself as another service', async () => {
    const kit = kitOf('login_server');
    const watching = await joinCluster(kit, nats('login_server'));
    const found = watching.follow('msg_server');
    const attacker = await Bus.connect({
      ...nats('msfs'),
      name: 'test',
      member: 'msfs',
      ...kitOf('msfs'),
    });
    const lie = { instance: 66, service: 'msg_server', hostname: 'h', ip1: '6.6.6.6', port: 6 };
    attacker.publish(topics.heartbeat('msg_server'), lie);
    attacker.publish(topics.heartbeat('msfs'), lie);
    attacker.publish(topics.sharedHeartbeat, lie);
    await attacker.flush();
    await watching.bus.flush();
    expect(found.all()).toEqual([]);
    await attacker.drain();
    await kit.life.stop();
  });
});

test('answers arrive between members, and from those who share a user', async () => {
  const open = async (member: Member, user: string, pass: string) => {
    const { log, metrics } = createKit(member, { logLevel: 'silent', shutdownMs: 1_000 });
    return Bus.connect({ url: server.url, prefix, user, password: pass, name: 'test', member, log, metrics });
  };
  const own = [
    await open('msg_server', 'msg_server', password),
    await open('route_server', 'route_server', password),
  ];
  const shared = [
    await open('msg_server', 'shared', 'shared'),
    await open('route_server', 'shared', 'shared'),
  ];
  expect([...own, ...shared].map(({ restricted }) => restricted)).toEqual([true, true, false, false]);
  for (const [asker, answering] of [own, shared, [own[0]!, shared[1]!], [shared[0]!, own[1]!]] as [
    Bus,
    Bus,
  ][]) {
    const subscription = answering.answer(topics.kickUser, () => ({}));
    await answering.flush();
    await expect(asker.request(topics.kickUser, { userId: 1 }, 10_000)).resolves.toBeDefined();
    subscription.unsubscribe();
    await answering.flush();
  }
  await Promise.all([...own, ...shared].map((bus) => bus.drain()));
});
