import { type Assumptions, planFor } from '@teamtalk/cli/plan';
import type { PathOptions } from './message-path.js';
import { type RecordedMachine, type Run, today } from './service-times.js';
import { type Outcome, simulate } from './simulate.js';

/** Time from one process to another on one machine: waking it, for the most part. Assumed. */
const hopOnMachine = 50;
/** Between machines of one data centre. Assumed. */
const hopBetweenMachines = 250;
/** How long a process keeps a core while others wait: Linux's order of magnitude. Assumed. */
const slice = 3_000;

/** A recorded run, simulated: everything on one machine of two cores, as it was. */
export function repeat(
  { times, byRouteServer }: RecordedMachine,
  { perSecond, msgServers = 1, dbProxies = 1 }: Run,
  seed = 1,
): Outcome {
  const options: PathOptions = {
    times,
    byRouteServer,
    msgServers,
    dbProxies,
    databases: 1,
    machine: { cores: 2, slice },
    postgresqlCores: 2,
    hop: hopOnMachine,
    groupShare: 0,
    groupReceivers: 1,
  };
  return simulate(options, { perSecond, seconds: 10, seed, regular: true });
}

interface Installation {
  users: number;
  databases: number;
  everyDatabase: boolean;
  postgresqlCores: number;
  seconds: number;
  seed: number;
}

/** An installation of that many users in its busiest second, with the replicas that `teamtalk plan` gives it. */
export function installation(
  { users, databases, everyDatabase, postgresqlCores, seconds, seed }: Installation,
  given: Assumptions,
): Outcome & { msgServers: number; dbProxies: number } {
  const { load, services } = planFor(users, given);
  const replicas = (name: string) => services.find(({ service }) => service === name)!.replicas;
  const planned = replicas('db_proxy_server');
  // Two of each database at least, so that one may be restarted.
  const each = everyDatabase ? planned : Math.max(2, Math.ceil(planned / databases));
  const options: PathOptions = {
    times: today.times,
    msgServers: replicas('msg_server'),
    dbProxies: each,
    databases,
    everyDatabase,
    postgresqlCores,
    hop: hopBetweenMachines,
    groupShare: given.groupShare,
    groupReceivers: Math.max(1, (given.members - 1) * given.onlineShare * given.devices),
  };
  const outcome = simulate(options, { perSecond: load.messagesPerSecond, seconds, seed });
  return {
    ...outcome,
    msgServers: options.msgServers,
    dbProxies: each * (everyDatabase ? 1 : databases),
  };
}
