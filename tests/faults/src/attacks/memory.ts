import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '@teamtalk/cluster';
import { type ServiceName, waitUntil } from '@teamtalk/local-stack';
import type { Figures } from './attack.js';
import { Attacker, peakOf, residentMib } from './attacker.js';
import { withWitnesses } from './witnesses.js';

/** How long the connections of a flood stay, and how long after it memory is looked at again, milliseconds. */
const holdMs = 8_000;
const afterMs = 20_000;

/** The most of a service's memory during a flood, what others notice of it, and what memory is left after it. */
export async function memoryOf(
  cluster: TestCluster,
  service: ServiceName,
  flood: (attacker: Attacker) => Promise<void>,
): Promise<Figures> {
  const { pid } = cluster.node(service);
  const attacker = new Attacker();
  const before = residentMib(pid);
  let noticed: Figures = {};
  const peak = await peakOf(
    () => residentMib(pid),
    async () => {
      noticed = await withWitnesses(cluster, async () => {
        await flood(attacker);
        await delay(holdMs);
        return { 'left open': attacker.open };
      });
    },
  );
  attacker.close();
  let least = residentMib(pid);
  const end = performance.now() + afterMs;
  await waitUntil(
    () => {
      least = Math.min(least, residentMib(pid));
      return performance.now() > end;
    },
    { what: 'memory goes back', timeoutMs: afterMs + 10_000 },
  );
  return { 'before, MiB': before, 'peak, MiB': peak, '20 s after, MiB': least, ...noticed };
}
