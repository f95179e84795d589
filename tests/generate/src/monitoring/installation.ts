import { serviceConfigurations } from '@teamtalk/cli';

/** In the order in which a client meets them. */
export const services: readonly string[] = Object.keys(serviceConfigurations);

/** A pattern for a service's job in Prometheus, whose name has `_`, or `-` in Kubernetes. */
export function jobOf(service: string): string {
  return service.replaceAll('_', '.');
}

/** A selector for the jobs of all services. */
export const everyJob = `job=~"${services.map(jobOf).join('|')}"`;

/** A metric that every instance of every service has: it identifies the namespaces that have an installation. */
export const everyInstance = `{__name__=~"teamtalk_(${services.join('|')})_bus_connected"}`;

/** A pattern for the names of the services' objects in Kubernetes. */
export const everyWorkload = services.map((service) => service.replaceAll('_', '-')).join('|');
