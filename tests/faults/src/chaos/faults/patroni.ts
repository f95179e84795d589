import { type PatroniCluster, waitUntil } from '@teamtalk/local-stack';
import type { TestChaosCluster } from '../testbed/test-chaos-cluster.js';
import type { Fault, Round } from './fault.js';

/** How long to wait for acks; a round that takes longer than `limitSeconds` fails. */
const recoveryLimitMs = 60_000;
/** From a kill until every client gets acks. Patroni elects a new leader when it has not heard of the old one for 20 s. */
const limitSeconds = 30;

function patroniOf({ servers: { patroni } }: TestChaosCluster): PatroniCluster {
  if (!patroni) throw new Error('the testbed has no Patroni');
  return patroni;
}

/** Waits until commits wait for the standby and every service knows it. */
async function untilSafe(testbed: TestChaosCluster): Promise<void> {
  const patroni = patroniOf(testbed);
  await patroni.untilSynchronous();
  const known = () => patroni.query('SELECT FROM store_epoch WHERE synchronous');
  await waitUntil(async () => (await known()).length > 0, { what: 'commits wait for the standby' });
}

/** @returns seconds since `begun` */
async function untilAcks({ load }: TestChaosCluster, begun: number, { fail }: Round): Promise<string> {
  await waitUntil(() => load.waiting.length === 0, {
    timeoutMs: recoveryLimitMs,
    what: 'every client gets acks again',
  });
  const seconds = (load.recoveredAt - begun) / 1_000;
  if (seconds > limitSeconds)
    fail(`acks came back after ${seconds.toFixed(1)} s, not within ${limitSeconds} s`);
  return seconds.toFixed(1);
}

/** Simulates a failure of the leader's machine: no connection is closed, and Patroni is not notified. */
const killLeader: Fault = {
  name: 'patroni-leader',
  title: 'kill -9 of the PostgreSQL leader and its Patroni',
  rounds: 30,
  async inject(testbed, round) {
    const { ended, note } = round;
    const patroni = patroniOf(testbed);
    await untilSafe(testbed);
    const begun = performance.now();
    const old = patroni.leader;
    await patroni.kill(old);
    await patroni.untilLeader();
    const promoted = ((performance.now() - begun) / 1_000).toFixed(1);
    ended();
    note(
      `a new leader after ${promoted} s, acks for all clients after ${await untilAcks(testbed, begun, round)} s`,
    );
    await patroni.startNode(old);
    await untilSafe(testbed);
  },
};

/** Commits wait until Patroni removes the standby from the synchronous standbys. */
const killStandby: Fault = {
  name: 'patroni-standby',
  title: 'kill -9 of the synchronous standby and its Patroni',
  rounds: 30,
  async inject(testbed, round) {
    const { ended, note } = round;
    const patroni = patroniOf(testbed);
    await untilSafe(testbed);
    const begun = performance.now();
    const standby = 1 - patroni.leader;
    await patroni.kill(standby);
    ended();
    note(`acks for all clients after ${await untilAcks(testbed, begun, round)} s, from the leader alone`);
    await patroni.startNode(standby);
    await untilSafe(testbed);
  },
};

/** The faults of `--patroni`. */
export const patroniFaults: readonly Fault[] = [killLeader, killStandby];
