import type { ServiceName } from '@teamtalk/local-stack';
import { serviceConfigurations } from '../services.js';

/** How many of each service. */
export type Replicas = Readonly<Record<ServiceName, number>>;

const mostReplicas = 32;
// Not the names of local-stack, which takes long to load: `teamtalk dev --help` needs them too.
const serviceNames = Object.keys(serviceConfigurations) as ServiceName[];

/**
 * Reads `msg_server=2,route_server=3`; services that are not named run once.
 * @throws RangeError that says what is wrong with the text
 */
export function parseReplicas(text: string): Replicas {
  const replicas = Object.fromEntries(serviceNames.map((name) => [name, 1])) as Record<ServiceName, number>;
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [name = '', count = ''] = part.split('=').map((each) => each.trim());
    if (!Object.hasOwn(replicas, name)) {
      throw new RangeError(`there is no service ‘${name}’; there are ${serviceNames.join(', ')}`);
    }
    replicas[name as ServiceName] = wholeNumber(count, 1, mostReplicas, `the replicas of ${name}`);
  }
  return replicas;
}

/** @throws RangeError when `text` is not a whole number from `min` to `max` */
export function wholeNumber(text: string, min: number, max: number, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, not ‘${text}’`);
}
