import { readFile } from 'node:fs/promises';
import { TeamTalkClient } from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordPdus } from './record-pdus.js';

const { USER_STATUS_ONLINE: online, USER_STATUS_OFFLINE: offline } = IM.BaseDefine.UserStatType;
const idleMs = 4_000;
const deadlineMs = 40_000;
/** Two msg_servers that tests kill, one with the PC clients and one with the mobile ones; the watchers are elsewhere. */
const [pcDoomed, mobileDoomed] = [2, 3];

let cluster: TestCluster;
let watchers: TeamTalkClient[];
const mobiles: TeamTalkClient[] = [];
/** 0x0203 as the two watchers receive them. */
let statuses: { userStat: IM.BaseDefine.UserStat.$Properties }[][];

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 4,
    route_server: 2,
    envOf: { msg_server: { IDLE_PC_MS: String(idleMs), IDLE_MOBILE_MS: String(idleMs) } },
  });
  await cluster.addUsers(['watcher 0', 'watcher 1']);
  watchers = await Promise.all([0, 1].map((server) => connect(`watcher ${server}`, server)));
  statuses = watchers.map((client) => recordPdus(client, Commands.BuddyListStatusNotify));
}, 90_000);
afterAll(async () => {
  await Promise.all(mobiles.map((client) => client.close()));
  await cluster?.stop();
});

function connect(name: string, server: number) {
  return cluster.connect(name, { server, client: { heartbeatMs: idleMs / 4 } });
}

/** A user whose PC and mobile are on different msg_servers. */
class Subject {
  readonly name: string;
  readonly id: number;
  pc: TeamTalkClient | undefined;
  mobile: TeamTalkClient | undefined;
  /** 0x020e received by the mobile. */
  #pcStatuses: { loginStat: IM.BaseDefine.UserStatType }[] = [];

  constructor(name: string, id: number) {
    this.name = name;
    this.id = id;
  }

  async pcCame(server = 1): Promise<void> {
    this.pc = await connect(this.name, server);
  }

  async mobileCame(server = 0): Promise<void> {
    const port = cluster.port('msg_server', server, 'client');
    const client = new TeamTalkClient({ host: '127.0.0.1', port, reconnect: false, heartbeatMs: idleMs / 4 });
    mobiles.push(client);
    this.mobile = client;
    // Recording starts before login, since a status may follow its reply immediately.
    this.#pcStatuses = recordPdus(client, Commands.BuddyListPcLoginStatusNotify);
    await client.login({ name: this.name, password: testPassword, clientType: ClientType.ANDROID });
  }

  /** A client that has gone silent: its connection stands, and nothing comes over it any more. */
  async silentCame(clientType: IM.BaseDefine.ClientType, server: number): Promise<void> {
    await cluster.logInRaw(this.name, { server, clientType, deadlineMs });
  }

  /** Statuses each watcher has received for this user. */
  get seenByPcs(): number[][] {
    return statuses.map((list) =>
      list.filter(({ userStat }) => userStat.userId === this.id).map(({ userStat }) => userStat.status),
    );
  }

  get seenByMobile(): number[] {
    return this.#pcStatuses.map(({ loginStat }) => loginStat);
  }

  /** By 0x020b, to each watcher. */
  async asked(): Promise<(number | undefined)[]> {
    return Promise.all(watchers.map(async (client) => (await client.usersStatus([this.id]))[0]?.status));
  }
}

interface Case {
  who: 'PC' | 'mobile' | 'PC and mobile';
  there: 'nobody' | 'PC' | 'mobile' | 'PC, mobile';
  what: string;
  /** brings in who is there */
  before: (subject: Subject) => Promise<unknown>;
  event: (subject: Subject) => Promise<unknown>;
  /** 0x020b after it */
  status: number;
  /** 0x0203 and 0x020e because of it; undefined where there is no mobile client to tell */
  toPcs: number[];
  toMobile: number[] | undefined;
}

const both = async (subject: Subject) => {
  await subject.mobileCame();
  await subject.pcCame();
};
const gone = { status: offline, toPcs: [offline], toMobile: [offline] };
const stays = { status: online, toPcs: [], toMobile: undefined };

const cases: Case[] = [
  {
    who: 'mobile',
    there: 'nobody',
    what: 'logs in',
    before: async () => {},
    event: (subject) => subject.mobileCame(),
    status: offline,
    toPcs: [],
    toMobile: [],
  },
  {
    who: 'PC',
    there: 'mobile',
    what: 'logs in',
    before: (subject) => subject.mobileCame(),
    event: (subject) => subject.pcCame(),
    status: online,
    toPcs: [online],
    toMobile: [online],
  },
  {
    who: 'mobile',
    there: 'PC',
    what: 'logs in',
    before: (subject) => subject.pcCame(),
    event: (subject) => subject.mobileCame(),
    status: online,
    toPcs: [],
    toMobile: [online],
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'logs in on another msg_server, which kicks the first',
    before: both,
    event: async (subject) => {
      const first = subject.pc!;
      await subject.pcCame(0);
      await waitUntil(() => !first.isConnected, { timeoutMs: deadlineMs, what: 'the first one kicked' });
    },
    status: online,
    toPcs: [],
    toMobile: [],
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'logs out',
    before: both,
    event: (subject) => subject.pc!.logout(),
    ...gone,
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'its socket is closed',
    before: both,
    event: (subject) => subject.pc!.close(),
    ...gone,
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'goes silent, the connection stands (after IDLE_PC_MS)',
    before: async (subject) => {
      await subject.mobileCame();
      await subject.silentCame(ClientType.MAC, 1);
    },
    event: async () => {},
    ...gone,
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'is kicked by the mobile (0x010a)',
    before: both,
    event: (subject) =>
      subject.mobile!.request(Commands.LoginReqKickpcclient, Commands.LoginResKickpcclient, { userId: 0 }),
    ...gone,
  },
  {
    who: 'PC',
    there: 'PC, mobile',
    what: 'its msg_server is killed (after 3.5 s)',
    before: async (subject) => {
      await subject.mobileCame();
      await subject.pcCame(pcDoomed);
    },
    event: () => cluster.kill('msg_server', pcDoomed),
    ...gone,
  },
  {
    who: 'mobile',
    there: 'PC, mobile',
    what: 'logs out',
    before: both,
    event: (subject) => subject.mobile!.logout(),
    ...stays,
  },
  {
    who: 'mobile',
    there: 'PC, mobile',
    what: 'its socket is closed',
    before: both,
    event: (subject) => subject.mobile!.close(),
    ...stays,
  },
  {
    who: 'mobile',
    there: 'PC, mobile',
    what: 'goes silent, the connection stands (after IDLE_MOBILE_MS)',
    before: async (subject) => {
      await subject.pcCame();
      await subject.silentCame(ClientType.IOS, 0);
    },
    event: () => idleClosed(),
    ...stays,
  },
  {
    who: 'mobile',
    there: 'PC, mobile',
    what: 'its msg_server is killed',
    before: async (subject) => {
      await subject.pcCame();
      await subject.mobileCame(mobileDoomed);
    },
    event: async () => {
      await cluster.kill('msg_server', mobileDoomed);
      const lost = (k: number) => cluster.metric('route_server', k, 'msg_servers_lost_total');
      const known = async () => (await Promise.all([lost(0), lost(1)])).every((count) => count >= 1);
      await waitUntil(known, { timeoutMs: deadlineMs, what: 'its end known' });
    },
    ...stays,
  },
  {
    who: 'PC and mobile',
    there: 'PC, mobile',
    what: 'their sockets are closed',
    before: both,
    event: async (subject) => {
      await subject.mobile!.close();
      await subject.pc!.close();
    },
    status: offline,
    toPcs: [offline],
    toMobile: undefined,
  },
];

async function idleClosed(): Promise<void> {
  const closed = () => cluster.metric('msg_server', 0, 'connections_closed_total', { reason: 'idle' });
  await waitUntil(async () => (await closed()) >= 1, {
    timeoutMs: deadlineMs,
    what: 'the silent one closed',
  });
}

/** Plays one case. @returns the statuses it caused */
async function play({ before, event, ...expected }: Case, subject: Subject) {
  await before(subject);
  const cameAsPc = expected.there.includes('PC') ? 1 : 0;
  const isSettled = () => subject.seenByPcs.every((list) => list.length >= cameAsPc);
  await waitUntil(isSettled, { timeoutMs: deadlineMs, what: 'initial statuses' });
  const mobileBefore = expected.there === 'PC, mobile' && expected.toMobile ? 1 : 0;
  await event(subject);
  const status = [expected.status, expected.status];
  const hasStatus = async () => JSON.stringify(await subject.asked()) === JSON.stringify(status);
  await waitUntil(hasStatus, { timeoutMs: deadlineMs, what: `${expected.what}: status ${expected.status}` });
  const hasSeen = (toPcs: number[], toMobile: number[] | undefined) => () =>
    subject.seenByPcs.every((list) => list.length >= cameAsPc + toPcs.length) &&
    (!toMobile || subject.seenByMobile.length >= mobileBefore + toMobile.length);
  const wait = { timeoutMs: deadlineMs, what: `${expected.what}: told` };
  // An immediate return would not be announced. A missing status fails the comparison below.
  await waitUntil(hasSeen(expected.toPcs, expected.toMobile), wait).catch(() => {});
  // The next change is announced after this one, so everything before it is complete.
  const next = expected.status === online ? offline : online;
  if (next === offline) await subject.pc!.close();
  else await subject.pcCame(0);
  const toPcs = [...expected.toPcs, next];
  const toMobile = expected.toMobile && [...expected.toMobile, next];
  await waitUntil(hasSeen(toPcs, toMobile), wait).catch(() => {});
  return {
    toPcs: subject.seenByPcs.map((list) => list.slice(cameAsPc)),
    toMobile: toMobile && subject.seenByMobile.slice(mobileBefore),
    expected: { toPcs: [toPcs, toPcs], toMobile },
  };
}

it('every way to come and to go, as others and as the user’s mobile see it', async () => {
  const ids = await cluster.addUsers(cases.map((_, i) => `subject ${i}`));
  const outcomes = await Promise.all(
    cases.map((each, i) => play(each, new Subject(`subject ${i}`, ids[`subject ${i}`]!))),
  );
  for (const [i, { expected, ...actual }] of outcomes.entries()) {
    const { who, there, what } = cases[i]!;
    expect(actual, `${who} ${what}, there: ${there}`).toEqual(expected);
  }
}, 120_000);

it('the page of presence shows this table', async () => {
  const words = (values: number[] | undefined) => {
    if (!values) return '';
    return values.map((value) => (value === online ? '1 online' : '2 offline')).join(', ') || 'nothing';
  };
  const rows = cases.map(
    ({ there, who, what, status, toPcs, toMobile }) =>
      `| ${there} | ${who} | ${what} | ${words([status])} | ${words(toPcs)} | ${words(toMobile)} |`,
  );
  const page = await readFile(new URL('../../../docs/reference/presence.md', import.meta.url), 'utf8');
  expect(page.split('\n').filter((line) => /^\| (nobody|PC|mobile)/.test(line))).toEqual(rows);
});
