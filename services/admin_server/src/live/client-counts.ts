import { type Bus, type Registry, type teamtalk, topics } from '@teamtalk/bus';
import type { ClientClass } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';

/** Milliseconds a server has to answer. */
const answerMs = 1_500;

/** A client type and version, at all msg_servers together. */
export interface Build {
  clientType: number;
  version: string;
  isBot: boolean;
  isCollective: boolean;
  users: number;
  connections: number;
  logins: number;
  /** unix seconds; 0: never */
  lastSeen: number;
  faults: Map<string, number>;
}

export interface ClientCounts {
  builds: Build[];
  classes: { clientClass: ClientClass; users: number; connections: number }[];
  /** unix seconds since when logins and faults have been counted everywhere; 0: there is no msg_server */
  since: number;
  /** msg_servers that have not answered: they run the version before, or are in trouble */
  unanswered: number;
}

/** Asks every msg_server for its clients' builds. */
export async function countClients(bus: Bus, msgServers: Registry): Promise<ClientCounts> {
  const answers = await Promise.all(
    msgServers.all().map(({ instance }) => answerOrNone(bus.request(topics.clients(instance), {}, answerMs))),
  );
  const builds = new Map<string, Build>();
  const classes = new Map<string, { users: number; connections: number }>();
  const given = answers.filter((answer) => answer !== undefined) as teamtalk.bus.Clients[];
  for (const answer of given) {
    for (const build of answer.builds as teamtalk.bus.ClientBuild[]) add(builds, build);
    for (const { clientClass, users, connections } of answer.classes as teamtalk.bus.ClientClassCount[]) {
      const sum = classes.get(clientClass) ?? { users: 0, connections: 0 };
      classes.set(clientClass, {
        users: sum.users + users,
        connections: sum.connections + connections,
      });
    }
  }
  return {
    builds: [...builds.values()],
    classes: [...classes].map(([clientClass, counts]) => ({
      clientClass: clientClass as ClientClass,
      ...counts,
    })),
    since: Math.max(0, ...given.map(({ since }) => since)),
    unanswered: answers.length - given.length,
  };
}

/** What each login_server tells clients besides the msg_server; undefined: it does not answer. */
export function toldAddresses(
  bus: Bus,
  loginServers: Registry,
): Promise<{ hostname: string; instance: number; addresses: teamtalk.bus.ToldAddress[] | undefined }[]> {
  return Promise.all(
    loginServers.all().map(async ({ instance, hostname }) => {
      const answer = await answerOrNone(bus.request(topics.addresses(instance), {}, answerMs));
      return { instance, hostname, addresses: answer?.addresses as teamtalk.bus.ToldAddress[] | undefined };
    }),
  );
}

function add(builds: Map<string, Build>, build: teamtalk.bus.ClientBuild): void {
  const { clientType, version, bot, collective, users, connections, logins, lastSeen } = build;
  const key = `${clientType} ${bot} ${collective} ${version}`;
  const sum = builds.get(key) ?? {
    clientType,
    version,
    isBot: bot,
    isCollective: collective,
    users: 0,
    connections: 0,
    logins: 0,
    lastSeen: 0,
    faults: new Map<string, number>(),
  };
  sum.users += users;
  sum.connections += connections;
  sum.logins += logins;
  sum.lastSeen = Math.max(sum.lastSeen, lastSeen);
  for (const { fault, count } of build.faults as teamtalk.bus.ClientFaults[]) {
    sum.faults.set(fault, (sum.faults.get(fault) ?? 0) + count);
  }
  builds.set(key, sum);
}

async function answerOrNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TeamTalkError) return undefined;
    throw error;
  }
}
