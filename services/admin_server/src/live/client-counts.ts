import { type Bus, type Registry, type teamtalk, topics } from '@teamtalk/bus';
import type { ClientClass } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';

/** Milliseconds a server has to answer. */
const answerMs = 1_500;

/** A client type and version, at all msg_servers together; type 0 stands for several, and for connections before their login. */
export interface Build {
  clientType: number;
  version: string;
  isBot: boolean;
  users: number;
  connections: number;
  logins: number;
  /** unix seconds; 0: not known */
  firstSeen: number;
  lastSeen: number;
  faults: Map<string, number>;
}

/** What was counted of a build in one place. */
type Counted = Pick<teamtalk.bus.ClientBuild, 'clientType' | 'version' | 'bot' | 'logins' | 'lastSeen'> & {
  faults?: readonly object[] | null;
};

export interface ClientCounts {
  builds: Build[];
  classes: { clientClass: ClientClass; users: number; connections: number }[];
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

/** Adds what is recorded to what msg_servers count. */
export function withRecorded(
  builds: readonly Build[],
  recorded: readonly (Counted & { firstSeen: number })[],
): Build[] {
  const sums = new Map(
    builds.map((build) => [keyOf(build, build.isBot), { ...build, faults: new Map(build.faults) }]),
  );
  for (const each of recorded) buildIn(sums, each).firstSeen = each.firstSeen;
  return [...sums.values()];
}

function add(builds: Map<string, Build>, build: teamtalk.bus.ClientBuild): void {
  const sum = buildIn(builds, build as Counted);
  sum.users += build.users;
  sum.connections += build.connections;
}

/** The build, with what was counted added. */
function buildIn(
  builds: Map<string, Build>,
  { clientType, version, bot, logins, lastSeen, faults }: Counted,
): Build {
  const key = keyOf({ clientType, version }, bot);
  const sum = builds.get(key) ?? {
    clientType,
    version,
    isBot: bot,
    users: 0,
    connections: 0,
    logins: 0,
    firstSeen: 0,
    lastSeen: 0,
    faults: new Map<string, number>(),
  };
  builds.set(key, sum);
  sum.logins += logins;
  sum.lastSeen = Math.max(sum.lastSeen, lastSeen);
  for (const { fault, count } of (faults ?? []) as readonly teamtalk.bus.ClientFaults[]) {
    sum.faults.set(fault, (sum.faults.get(fault) ?? 0) + count);
  }
  return sum;
}

function keyOf({ clientType, version }: Pick<Build, 'clientType' | 'version'>, isBot: boolean): string {
  return `${clientType} ${isBot} ${version}`;
}

async function answerOrNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TeamTalkError) return undefined;
    throw error;
  }
}
