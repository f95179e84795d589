import { serviceConfigurations } from '@teamtalk/cli';

/** In the order a client meets them. */
export const services: readonly string[] = Object.keys(serviceConfigurations);

/** Prometheus's job of a service, as a pattern: with `_` where it is named by the service, with `-` in Kubernetes. */
export function jobOf(service: string): string {
  return service.replaceAll('_', '.');
}

/** Selects the jobs of all services. */
export const everyJob = `job=~"${services.map(jobOf).join('|')}"`;

/** A metric that every service has, of all of them: tells the namespaces of installations from those of others. */
export const everyInstance = `{__name__=~"teamtalk_(${services.join('|')})_bus_connected"}`;

/** Names of objects in Kubernetes. */
export const everyWorkload = services.map((service) => service.replaceAll('_', '-')).join('|');
