import { freePort, type ServiceName, serviceNames, traitsOf } from '@teamtalk/local-stack';
import type { Replicas } from './options.js';

/** One process to be: which replica of which service, on which ports. */
export interface PlannedReplica {
  service: ServiceName;
  /** from 0 */
  replica: number;
  /** by the names the service reports */
  ports: Record<string, number>;
}

/** A port that is not the one it should be. */
export interface MovedPort {
  service: ServiceName;
  replica: number;
  name: string;
  wanted: number;
  given: number;
}

/**
 * Gives every replica its ports: replica k the default plus k, or the next one that is free.
 * @param findFree the first free port from the given one on, outside of the given set
 */
export async function planPorts(
  replicas: Replicas,
  findFree: (wanted: number, taken: ReadonlySet<number>) => Promise<number> = freePort,
): Promise<{ planned: PlannedReplica[]; moved: MovedPort[] }> {
  const planned: PlannedReplica[] = [];
  const moved: MovedPort[] = [];
  const taken = new Set<number>();
  // The first replicas before all others: a ninth msg_server must not take login_server's port.
  for (let replica = 0; replica < Math.max(...Object.values(replicas)); replica++) {
    for (const service of serviceNames) {
      if (replica >= replicas[service]) continue;
      const ports: Record<string, number> = {};
      for (const [name, { fallback }] of Object.entries(traitsOf(service).ports)) {
        const wanted = fallback + replica;
        const given = await findFree(wanted, taken);
        if (given !== wanted) moved.push({ service, replica, name, wanted, given });
        taken.add(given);
        ports[name] = given;
      }
      planned.push({ service, replica, ports });
    }
  }
  return { planned: inStartingOrder(planned), moved };
}

function inStartingOrder(planned: PlannedReplica[]): PlannedReplica[] {
  return serviceNames.flatMap((service) => planned.filter((each) => each.service === service));
}
