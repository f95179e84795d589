import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '@teamtalk/cluster';
import type { ServiceName } from '@teamtalk/local-stack';
import type { Figures } from './attack.js';
import { Attacker, peakOf, residentMib } from './attacker.js';
import { floodProblems, podLimitMib } from './flood-limits.js';
import { timesOf, type Witnessed, witnessed } from './witnesses.js';

/** How long the connections of a flood stay, and how long after it memory is looked at again, milliseconds. */
const holdMs = 8_000;
const afterMs = 60_000;

/** The most of a service's memory during a flood, what others notice of it, and what memory is left a minute after it. */
export async function memoryOf(
  cluster: TestCluster,
  service: ServiceName,
  flood: (attacker: Attacker) => Promise<void>,
): Promise<Figures> {
  const { pid } = cluster.node(service);
  const attacker = new Attacker();
  const before = residentMib(pid);
  let noticed: Witnessed | undefined;
  const peak = await peakOf(
    () => residentMib(pid),
    async () => {
      noticed = await witnessed(cluster, async () => {
        await flood(attacker);
        await delay(holdMs);
        return { 'left open': attacker.open };
      });
    },
  );
  attacker.close();
  await delay(afterMs);
  const minuteAfter = residentMib(pid);
  const limit = podLimitMib(service);
  const { figures, quiet, loud } = noticed!;
  const problems = floodProblems({ before, peak, minuteAfter, limit, quiet, loud });
  return {
    'before, MiB': before,
    'peak, MiB': peak,
    'limit, MiB': limit,
    'minute after, MiB': minuteAfter,
    ...figures,
    ...timesOf(noticed!),
    'within limits': problems.length === 0 ? 'yes' : problems.join(', '),
  };
}
