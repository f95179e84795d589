import type { Assumptions } from './assumptions.js';
import { costs, messageSlope, type Process, transactionsOf } from './costs.js';
import { type MemoryBase, memoryBase } from './memory.js';

/** The load in the busiest second. */
interface Load {
  messagesPerSecond: number;
  /** messages written to connections of online receivers */
  deliveriesPerSecond: number;
  loginsPerSecond: number;
  connections: number;
  messagesPerDay: number;
}

interface ServicePlan {
  service: MemoryBase;
  replicas: number;
  /** cores used by all replicas in the busiest second */
  cpu: number;
  /** cores used by one replica without the spare ones */
  cpuOfReplica: number;
  /** bytes used by one replica, likewise */
  memoryOfReplica: number;
  /** what determines the number of replicas */
  because: string;
}

interface StorePlan {
  postgresql: {
    cpu: number;
    cores: number;
    memory: number;
    connections: number;
    /** DATABASE_POOL of each db_proxy_server */
    pool: number;
    diskPerDay: number;
    diskPerYear: number;
    diskKept: number;
    walPerDay: number;
  };
  nats: { servers: number; cpu: number; connections: number };
}

export interface Plan {
  users: number;
  load: Load;
  services: ServicePlan[];
  stores: StorePlan;
  /** seconds until all clients are back after all connections broke */
  reconnectionSeconds: number;
  /** seconds all db_proxy_servers take to verify everybody's password once */
  firstLoginsSeconds: number;
  warnings: string[];
}

/** Beyond this the assumptions are wrong, or one installation is not enough. */
const mostReplicas = 2_000;
/** So that one replica can be restarted. */
const fewestReplicas = 2;
/** Logins per second that a msg_server admits: LOGIN_RATE. */
const loginRate = 1_000;
/** COMMIT_LANES, the other connections of the message store, and the owner's lock. */
const storeConnections = 1 + 5 + 1;
/** Default of DATABASE_POOL. */
const fewestInPool = 10;
/** Shared buffers, as in k8s/stores. */
const sharedBuffers = 2 * 1024 ** 3;
/** Memory of a connection to PostgreSQL, a usual allowance. */
const connectionMemory = 10 * 1024 ** 2;

/** Calculates the replicas and stores an installation needs. @throws RangeError when no installation is large enough */
export function planFor(users: number, given: Assumptions): Plan {
  const load = loadOf(users, given);
  const msgServer = cpuOf('msg_server', load, given);
  const msgServers = replicasOf(msgServer, load, given, {
    each: load.connections / given.connectionsPerMsgServer,
    because: 'connections',
  });
  const dbProxy = cpuOf('db_proxy_server', load, given);
  const dbProxies = replicasOf(dbProxy, load, given);
  const routeServers = replicasOf(cpuOf('route_server', load, given), load, given);
  const directory = {
    fixed: () => 0,
    shared: (load.loginsPerSecond * costs.directoryRequest.cpu) / 1e6 / given.coreSpeed,
  };
  const logins = replicasOf(directory, load, given);
  const held = (replicas: number) => Math.max(replicas - given.spare, 1);
  const connectionBytes =
    given.tlsShare * costs.tlsConnection.bytes + (1 - given.tlsShare) * costs.connection.bytes;
  const tables = load.connections * costs.session.bytes;
  const services = [
    service('msg_server', msgServers, (load.connections * connectionBytes) / held(msgServers.replicas)),
    service('db_proxy_server', dbProxies, tables),
    service('route_server', routeServers, tables),
    service('login_server', logins),
  ];
  return {
    users,
    load,
    services,
    stores: storesOf(load, dbProxies.replicas, services, given),
    reconnectionSeconds: reconnection(load, msgServers.replicas, dbProxies.replicas, given),
    firstLoginsSeconds: (users * costs.firstLogin.cpu) / 1e6 / given.coreSpeed / dbProxies.replicas,
    warnings: warningsOf(load, given),
  };
}

function service(
  name: MemoryBase,
  replicas: Omit<ServicePlan, 'service' | 'memoryOfReplica'>,
  bytes = 0,
): ServicePlan {
  return { service: name, ...replicas, memoryOfReplica: memoryBase[name].bytes + bytes };
}

function loadOf(users: number, given: Assumptions): Load {
  const messagesPerDay = users * given.messagesPerUserDay;
  const busiest = given.peakFactor / 86_400;
  const messagesPerSecond = messagesPerDay * busiest;
  const reached = given.onlineShare * given.devices;
  const receivers = 1 - given.groupShare + given.groupShare * (given.members - 1);
  return {
    messagesPerDay,
    messagesPerSecond,
    deliveriesPerSecond: messagesPerSecond * receivers * reached,
    loginsPerSecond: users * given.loginsPerUserDay * busiest,
    connections: Math.ceil(users * reached),
  };
}

/** Cores: the cost of transactions in each replica, and the cost shared by all of them. */
interface Cpu {
  fixed: (messagesPerReplica: number) => number;
  shared: number;
}

function cpuOf(process: Process, load: Load, given: Assumptions): Cpu {
  const { perTransaction, perMessage } = messageSlope(process);
  const { db_proxy_server, postgresql } = costs.listedSession.cpu;
  const listed = { msg_server: 0, route_server: 0, nats: 0, db_proxy_server, postgresql }[process];
  let micros =
    load.messagesPerSecond * perMessage +
    load.loginsPerSecond * (costs.login.cpu[process] + given.sessionsPerLogin * listed);
  if (process === 'msg_server') {
    micros += Math.max(0, load.deliveriesPerSecond - load.messagesPerSecond) * costs.groupDelivery.cpu;
    const connection =
      given.tlsShare * costs.tlsConnection.cores + (1 - given.tlsShare) * costs.connection.cores;
    micros += load.connections * connection * 1e6;
  }
  return {
    fixed: (messages) => (transactionsOf(messages) * perTransaction) / 1e6 / given.coreSpeed,
    shared: micros / 1e6 / given.coreSpeed,
  };
}

/** The smallest number of replicas that, without the spare ones, each stay within the target and what was measured. */
function replicasOf(cpu: Cpu, load: Load, given: Assumptions, bound?: { each: number; because: string }) {
  const most = costs.message.fast.perSecond;
  const enough = (working: number) =>
    [
      {
        because: 'CPU',
        ok: cpu.fixed(load.messagesPerSecond / working) + cpu.shared / working <= given.utilisation,
      },
      {
        because: `${most.toLocaleString('en')} messages/s, as measured`,
        ok: load.messagesPerSecond / working <= most,
      },
      { because: bound?.because ?? '', ok: (bound?.each ?? 0) <= working },
    ].find(({ ok }) => !ok)?.because;
  let because = 'minimum';
  let working = Math.max(fewestReplicas - given.spare, 1);
  for (let reason = enough(working); reason !== undefined; reason = enough(working)) {
    because = reason;
    working++;
    if (working > mostReplicas)
      throw new RangeError(`more than ${mostReplicas} replicas of a service, for ${reason}`);
  }
  const replicas = working + given.spare;
  return {
    replicas,
    cpu: cpu.fixed(load.messagesPerSecond / replicas) * replicas + cpu.shared,
    cpuOfReplica: cpu.fixed(load.messagesPerSecond / working) + cpu.shared / working,
    because,
  };
}

function storesOf(
  load: Load,
  dbProxies: number,
  services: readonly ServicePlan[],
  given: Assumptions,
): StorePlan {
  const database = cpuOf('postgresql', load, given);
  const cpu = database.fixed(load.messagesPerSecond / dbProxies) * dbProxies + database.shared;
  // Connections busy with lists, with a margin of four times the average.
  const listing = (load.loginsPerSecond * given.sessionsPerLogin * costs.listedSession.cpu.postgresql) / 1e6;
  const pool = Math.max(fewestInPool, Math.ceil((4 * listing) / dbProxies / given.coreSpeed));
  const connections = dbProxies * (pool + storeConnections);
  const bytes = costs.storedMessage.bytes - costs.storedMessage.dataBytes + given.messageBytes;
  const diskPerDay = load.messagesPerDay * bytes;
  const nats = cpuOf('nats', load, given);
  return {
    postgresql: {
      cpu,
      cores: Math.max(2, Math.ceil(cpu / given.utilisation)),
      memory: sharedBuffers + connections * connectionMemory + diskPerDay,
      connections,
      pool,
      diskPerDay,
      diskPerYear: diskPerDay * 365,
      diskKept: diskPerDay * given.retention,
      walPerDay: diskPerDay * given.walFactor,
    },
    nats: {
      servers: 3,
      cpu: nats.fixed(load.messagesPerSecond) + nats.shared,
      connections: services.reduce((sum, { replicas }) => sum + replicas, 0),
    },
  };
}

function reconnection(load: Load, msgServers: number, dbProxies: number, given: Assumptions): number {
  const { msg_server, db_proxy_server } = costs.login.cpu;
  const listed = given.sessionsPerLogin * costs.listedSession.cpu.db_proxy_server;
  const perLogin = Math.max(1 / loginRate / msgServers, msg_server / 1e6 / given.coreSpeed / msgServers);
  const stored = (db_proxy_server + listed) / 1e6 / given.coreSpeed / dbProxies;
  return load.connections * Math.max(perLogin, stored);
}

function warningsOf({ messagesPerSecond }: Load, given: Assumptions): string[] {
  const warnings: string[] = [];
  const floor = costs.rowFloor.perSecond * given.coreSpeed * given.utilisation;
  if (messagesPerSecond > floor) {
    warnings.push(
      `${Math.round(messagesPerSecond).toLocaleString('en')} messages/s are more than one PostgreSQL can be expected to store: ` +
        `it took ${costs.rowFloor.perSecond.toLocaleString('en')} bare rows/s when measured. TeamTalk cannot distribute messages over several databases`,
    );
  } else if (messagesPerSecond > costs.mostMessages.perSecond) {
    warnings.push(
      `${Math.round(messagesPerSecond).toLocaleString('en')} messages/s through one PostgreSQL have not been measured; ` +
        `the highest measured rate is ${costs.mostMessages.perSecond.toLocaleString('en')}`,
    );
  }
  return warnings;
}
