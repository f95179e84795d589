import { type Bus, topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import type { ClusterNode } from './node.js';

/** @throws Error with what a node lacks when it is not ready in time */
export async function untilReady(nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes) {
    let text = '';
    const ready = async () => {
      const readiness = await node.readiness();
      text = readiness.text;
      return readiness.ready;
    };
    await waitUntil(ready, { what: `${node.service} ready` }).catch((error: unknown) => {
      throw new Error(`${String(error)} ${text}`, { cause: error });
    });
  }
}

/** Waits for a heartbeat of each instance: then all running ones have discovered it. */
export async function untilAllHeartbeats(bus: Bus, instances: Iterable<number>): Promise<void> {
  const waiting = new Set(instances);
  const heard = ({ instance }: { instance: number }) => void waiting.delete(instance);
  // The second is that of the version before.
  const subscriptions = [topics.heartbeat('*'), topics.sharedHeartbeat].map((topic) =>
    bus.subscribe(topic, heard),
  );
  try {
    await waitUntil(() => waiting.size === 0, { what: 'a heartbeat of every instance' });
  } finally {
    for (const each of subscriptions) each.unsubscribe();
  }
}
