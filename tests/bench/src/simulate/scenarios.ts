import { type Assumptions, planFor } from '@teamtalk/cli/plan';
import type { PathOptions } from './message-path.js';
import { type RecordedMachine, type Run, today } from './service-times.js';
import { type Outcome, simulate } from './simulate.js';

/** Microseconds from one process to another on the same machine, mostly for waking it up. Assumed. */
const hopOnMachine = 50;
/** Microseconds between machines of one data centre. Assumed. */
const hopBetweenMachines = 250;
/** Microseconds for which a process keeps a core while others wait: Linux's order of magnitude. Assumed. */
const slice = 3_000;

/** Simulates a recorded run: everything on one machine with two cores, as it was measured. */
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

/** Simulates the busiest second of an installation of this size, with the replicas that `teamtalk plan` recommends. */
export function installation(
  { users, databases, everyDatabase, postgresqlCores, seconds, seed }: Installation,
  given: Assumptions,
): Outcome & { msgServers: number; dbProxies: number } {
  const { load, services } = planFor(users, given);
  const replicas = (name: string) => services.find(({ service }) => service === name)!.replicas;
  const planned = replicas('db_proxy_server');
  // At least two per database, so that one can be restarted.
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
