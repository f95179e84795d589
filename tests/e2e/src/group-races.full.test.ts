import { createGroup, TestCluster } from '@teamtalk/cluster';
import { FaultProxy, type ServiceName, waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomFrom } from './random.js';
import { recordPdus } from './record-pdus.js';

type Client = Awaited<ReturnType<TestCluster['connect']>>;

const { GROUP_MODIFY_TYPE_ADD: add, GROUP_MODIFY_TYPE_DEL: remove } = IM.BaseDefine.GroupModifyType;

const servers = 3;
const groupsAtOnce = 3;
const guests = 8;
const changes = 40;
const maxChangesInFlight = 4;
/** Milliseconds; a message waits behind its sender's changes, each of which takes 2 s while links are slow. */
const ackMs = 30_000;
/** Delays of events on a link, milliseconds; above a second batches are retried. */
const delays = [0, 0, 20, 100, 400, 1_200];

/** Messages of a group received on one connection, in order. */
interface Listener {
  userId: number;
  name: string;
  got: { toSessionId: number; msgId: number }[];
  client: Client;
}

interface Membership {
  group_id: number;
  user_id: number;
  first: number;
  /** null: until now */
  last: number | null;
}

let cluster: TestCluster;
/** Proxies to NATS for one instance of each service, so that events travel at different speeds. */
const links: FaultProxy[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 1,
    route_server: 1,
    db_proxy_server: 1,
    http_msg_server: 1,
    envOf: { msg_server: { MESSAGE_RATE: '0' } },
  });
  for (const service of ['db_proxy_server', 'route_server', 'msg_server', 'msg_server'] as const) {
    await cluster.add(service, { NATS_URL: await linkToNats() });
  }
  await cluster.untilDiscovered();
  // The actual memberships, written in the transaction that changed them, under the conversation's lock.
  await cluster.sql('CREATE TABLE membership (group_id int4, user_id int4, first int4, last int4)');
  await cluster.sql(`
    CREATE FUNCTION note_membership() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO membership SELECT NEW.group_id, NEW.user_id, coalesce(max(last_id), 0) + 1
          FROM conversation WHERE conv = NEW.group_id;
      ELSE
        UPDATE membership SET last = (SELECT last_id FROM conversation WHERE conv = OLD.group_id)
          WHERE group_id = OLD.group_id AND user_id = OLD.user_id AND last IS NULL;
      END IF;
      RETURN NULL;
    END
    $$`);
  await cluster.sql(`
    CREATE TRIGGER note_membership AFTER INSERT OR DELETE ON group_member
    FOR EACH ROW EXECUTE FUNCTION note_membership()`);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  for (const link of links) await link.close();
});

async function linkToNats(): Promise<string> {
  const url = new URL(cluster.nats.url);
  const target = { host: url.hostname, port: Number(url.port) };
  const link = await FaultProxy.start(() => [target]);
  links.push(link);
  url.port = String(link.port);
  return url.toString();
}

/** A change by a client or the HTTP API; the database shows whether it was made. */
async function change(by: Client | undefined, group: number, kind: number, userIds: number[]): Promise<void> {
  if (by) {
    const wanted = { userId: 0, changeType: kind, groupId: group, memberIdList: userIds };
    await by.request(Commands.GroupChangeMemberRequest, Commands.GroupChangeMemberResponse, wanted);
    return;
  }
  const response = await fetch(`${cluster.url('http_msg_server')}/query/ChangeMembers`, {
    method: 'POST',
    body: JSON.stringify({ req_user_id: 1, group_id: group, modify_type: kind, user_id_list: userIds }),
  });
  await response.text();
}

/**
 * Describes faults in the messages a connection received. After a removal or a broken connection the end may be missing.
 */
function faultsOf(
  { userId, name, got, client }: Listener,
  memberships: readonly Membership[],
  lastIds: ReadonlyMap<number, number>,
): string[] {
  const faults: string[] = [];
  for (const [group, lastId] of lastIds) {
    const ids = got.filter(({ toSessionId }) => toSessionId === group).map(({ msgId }) => msgId);
    const what = `${name}, group ${group}:`;
    ids.forEach((id, i) => {
      if (i > 0 && id <= ids[i - 1]!) faults.push(`${what} ${id} after ${ids[i - 1]}`);
    });
    const times = memberships.filter((each) => each.group_id === group && each.user_id === userId);
    const inside = (id: number, { first, last }: Membership) => id >= first && id <= (last ?? lastId);
    const strange = ids.filter((id) => !times.some((time) => inside(id, time)));
    if (strange.length > 0) faults.push(`${what} ${strange[0]} to ${strange.at(-1)} while not a member`);
    for (const time of times) {
      const there = new Set(ids.filter((id) => inside(id, time)));
      const wholly = time.last === null && client.isOnline;
      const until = wholly ? lastId : Math.max(time.first - 1, ...there);
      const missing = Array.from({ length: until - time.first + 1 }, (_, i) => time.first + i).filter(
        (id) => !there.has(id),
      );
      if (missing.length > 0) {
        faults.push(`${what} ${missing[0]} to ${missing.at(-1)} missing of ${time.first} to ${time.last}`);
      }
    }
  }
  return faults;
}

const seeds = process.env.GROUP_RACES_SEED ? [Number(process.env.GROUP_RACES_SEED)] : [1];

it.each(seeds)(
  'each member gets what was written while they were one, in order, once (seed %i)',
  {
    timeout: 180_000,
  },
  async (seed) => {
    const random = randomFrom(seed);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
    const names = Array.from({ length: guests }, (_, i) => `guest-${seed}-${i}`);
    const ids = await cluster.addUsers([`boss-${seed}`, `writer-${seed}`, ...names]);
    const boss = await cluster.connect(`boss-${seed}`, { server: random(servers) });
    const writer = await cluster.connect(`writer-${seed}`, { server: random(servers) });
    const listeners: Listener[] = [];
    const listen = async (name: string, server: number, clientType: number) => {
      const client = await cluster.connect(name, { server, clientType });
      listeners.push({ userId: ids[name]!, name, got: recordPdus(client, Commands.MsgData), client });
    };
    for (const [i, name] of names.entries()) {
      await listen(name, i % servers, 1);
      if (i % 2 === 0) await listen(name, (i + 1) % servers, 0x11);
    }
    const groups: number[] = [];
    for (let i = 0; i < groupsAtOnce; i++) groups.push(await createGroup(boss, [ids[`writer-${seed}`]!]));

    let writing = true;
    let acked = 0;
    const write = async (client: Client, group: number) => {
      while (writing) {
        await client.send({ group }, `${acked}`, { deadlineMs: ackMs });
        acked++;
      }
    };
    const work: Promise<void>[] = groups.flatMap((group) => [write(boss, group), write(writer, group)]);
    try {
      for (let i = 0; i < changes; i++) {
        const goal = acked + 1 + random(20);
        await waitUntil(() => acked >= goal, { what: 'more messages', timeoutMs: 30_000 });
        if (i % 5 === 0) for (const link of links) link.slow({ delayMs: pick(delays) });
        if (i === changes / 2) await replaceDbProxy();
        const who = names.filter(() => random(3) === 0).map((name) => ids[name]!);
        const changing = change(pick([boss, undefined]), pick(groups), pick([add, remove]), who).catch(
          () => {},
        );
        work.push(changing);
        if (i % maxChangesInFlight === 0) await changing;
      }
    } finally {
      writing = false;
      for (const link of links) link.restore();
      await Promise.all(work);
    }
    await cluster.settle(30_000);

    const memberships = await cluster.sql<Membership>('SELECT * FROM membership WHERE group_id = ANY ($1)', [
      groups,
    ]);
    const rows = await cluster.sql<{ conv: string; last_id: number }>(
      'SELECT conv, last_id FROM conversation WHERE conv = ANY ($1)',
      [groups],
    );
    const lastIds = new Map(rows.map(({ conv, last_id }) => [Number(conv), last_id]));
    const faults = () => listeners.flatMap((each) => faultsOf(each, memberships, lastIds));
    await waitUntil(() => faults().length === 0, { what: 'nothing wrong', timeoutMs: 15_000 }).catch(
      () => {},
    );
    expect(faults().slice(0, 20), `seed ${seed}`).toEqual([]);

    // The test exercised something.
    expect(listeners.filter(({ client }) => client.isOnline).length).toBeGreaterThan(listeners.length / 2);
    const left = memberships.filter(({ last }) => last !== null);
    const deliveries = listeners.reduce((sum, { got }) => sum + got.length, 0);
    expect(left.length).toBeGreaterThan(10);
    expect(deliveries).toBeGreaterThan(1_000);
  },
);

/** Moves conversations between the replicas, so that two write and publish concurrently. */
async function replaceDbProxy(): Promise<void> {
  const service: ServiceName = 'db_proxy_server';
  await cluster.stopNode(service, 0);
  await cluster.restart(service, 0);
}
